// @ts-check
// To several vehicles: the map on which an area is drawn or a place is clicked. Who that is, the server says.

import { Area } from "./area.js";
import { arrange, Names } from "./arrange.js";
import { everything } from "./filter.js";
import { coordinates } from "./format.js";
import { hint } from "./hints.js";
import { t } from "./i18n.js";
import { none, start } from "./live-map.js";
import { clock, keys, onFrame, store } from "./page.js";

const form = /** @type {HTMLFormElement} */ (document.getElementById("broadcast-form"));
const field = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (document.getElementById(id));
const settings = JSON.parse(document.getElementById("live-settings")?.textContent ?? "{}");
const names = new Names();
/** @type {Awaited<ReturnType<typeof start>>} */
let made = null;
/** @type {Area | null} */
let area = null;
let fitted = false;

const kind = () => new FormData(form).get("to");

function draw() {
  if (!made) return;
  names.refresh(store);
  const arranged = arrange(store, names, everything(), clock.now());
  const none = { selected: -1, hovered: -1, chosen: new Set(), trail: false, labels: true };
  made.map.show({ ...arranged, dimmed: [] }, none, clock.now());
  if (fitted || !store.complete) return;
  fitted = true;
  made.map.fit(arranged.slots);
}

/** @param {object | null} drawn @param {import("./area.js").Mode} mode */
function changed(drawn, mode) {
  for (const button of document.querySelectorAll("[data-draw][aria-pressed]"))
    button.setAttribute("aria-pressed", String(button.getAttribute("data-draw") === mode));
  field("area-hint").textContent =
    mode === "rectangle"
      ? t("Drag from corner to corner.")
      : mode === "polygon"
        ? t(
            "Click each corner; a double click, Enter or the first corner closes it, Backspace takes one back.",
          )
        : drawn
          ? t("Vehicles whose last position is inside get it.")
          : t(
              "Draw on the map. With the keyboard: move the map with the arrow keys, + and −, then take what it shows.",
            );
  const said = drawn ? JSON.stringify(drawn) : "";
  if (field("area").value === said) return;
  field("area").value = said;
  hint("recipients");
}

/** @param {[number, number]} place longitude, latitude @param {any} drawn */
function aim([lon, lat], drawn) {
  field("place").value = coordinates(lat, lon);
  made?.pin(drawn);
  hint("recipients");
}

/** @param {string} what */
function act(what) {
  if (!made || !area) return;
  if (what === "rectangle" || what === "polygon") area.begin(area.mode === what ? "" : what);
  else if (what === "view") area.view();
  else if (what === "clear") area.clear();
  else if (what === "fit") made.map.fit([...store.slots()], true);
  else if (what === "middle") {
    const { clientWidth, clientHeight } = made.raw.getContainer();
    aim(made.map.place({ x: clientWidth / 2, y: clientHeight / 2 }), made.raw.getCenter());
  }
}

document.addEventListener("click", ({ target }) => {
  const button = target instanceof Element ? target.closest("[data-draw]") : null;
  if (button) act(button.getAttribute("data-draw") ?? "");
});
form.addEventListener("change", () => {
  if (kind() !== "area") area?.begin("");
  if (kind() !== "nearest") made?.pin(null);
});
form.addEventListener("input", () => {
  const text = /** @type {HTMLTextAreaElement} */ (form.elements.namedItem("text"));
  const count = form.querySelector("output[data-count]");
  if (count) count.textContent = `${text.value.length}/${text.maxLength}`;
});
// A second click while the first is on its way.
form.addEventListener("submit", (event) => {
  if (form.dataset["sent"]) event.preventDefault();
  form.dataset["sent"] = "yes";
});
addEventListener("pageshow", () => delete form.dataset["sent"]);

keys.bind([{ keys: ["Escape"], words: t("clear the area"), run: () => area?.clear() }]);
// Before the map, which takes Enter for what is in its middle.
document.addEventListener(
  "keydown",
  (event) => {
    const target = event.target instanceof Element ? event.target : null;
    // Enter in a field is not "send": it goes to many.
    if (event.key === "Enter" && target?.matches("#broadcast-form input")) event.preventDefault();
    if (area?.mode !== "polygon" || target?.matches("input, textarea, select, #broadcast-form button"))
      return;
    if (event.key !== "Enter" && event.key !== "Backspace") return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Enter") area.close();
    else area.back();
  },
  true,
);

async function begin() {
  try {
    made = await start({
      settings,
      store,
      onClick: (_slot, _event, { place, drawn }) => {
        if (kind() === "nearest") aim(place, drawn);
      },
      onHover: () => {},
      onSelect: () => {},
      onUnfollow: () => {},
    });
    const svg = /** @type {SVGSVGElement} */ (/** @type {unknown} */ (document.getElementById("area-drawn")));
    if (made) area = new Area(made.raw, svg, (point) => /** @type {any} */ (made).map.place(point), changed);
  } finally {
    if (!made) none();
    draw();
  }
}

onFrame((frame, slots) => {
  made?.map.move(slots, frame.type === "snapshot");
  draw();
});
setInterval(draw, 1000);
begin();
