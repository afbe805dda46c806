// @ts-check
// The alert bar: heard until somebody takes the alarm on, read out once, and who took it for a while.

import { t } from "./i18n.js";
import { Siren } from "./siren.js";

const TAKEN_MS = 20_000; // as long as the server shows who took an alert on
const root = document.documentElement;
/** Alerts that were read out. @type {Set<string>} */
const told = new Set();
/** @type {Map<string, ReturnType<typeof setTimeout>>} */
const leaving = new Map();

const siren = new Siren({ onState: (state) => (root.dataset["siren"] = state) });
root.dataset["siren"] = siren.state;

/** Only those who may take an alarm on hear it: others could not end it. @param {Element | null} bar */
function audible(bar) {
  return bar?.getAttribute("data-sound") === "on" && bar.querySelector("[data-sounds]") !== null;
}

/** @param {Element} element */
const words = (element) => (element.textContent ?? "").replaceAll(/\s+/g, " ").trim();

/** @param {string} region id of a live region @param {string[]} sentences */
function say(region, sentences) {
  const element = document.getElementById(region);
  if (element && sentences.length) element.textContent = sentences.join(" ");
}

function look() {
  const bar = document.getElementById("alert-bar");
  siren.want(audible(bar));
  if (!bar) return;
  const fresh = [...bar.querySelectorAll("[data-alert], [data-taken]")].filter(({ id }) => !told.has(id));
  for (const { id } of fresh) told.add(id);
  const [open, taken] = ["data-alert", "data-taken"].map((kind) =>
    fresh.filter((row) => row.hasAttribute(kind)),
  );
  say(
    "alarms",
    open.map((row) => t("Alarm: {what}", { what: words(row.querySelector(".alert-what") ?? row) })),
  );
  say("announcements", taken.map(words));
  for (const { id } of taken)
    if (!leaving.has(id))
      leaving.set(
        id,
        setTimeout(() => gone(id), TAKEN_MS),
      );
}

/** @param {string} id of a line that says who took an alert on */
function gone(id) {
  leaving.delete(id);
  // @ts-expect-error htmx is a classic script
  if (document.getElementById(id)) window.htmx?.trigger("#alert-bar", "taken-shown");
}

for (const event of ["pointerup", "keydown"]) document.addEventListener(event, () => siren.unlock(), true);
for (const event of ["htmx:after:swap", "htmx:after:settle"]) document.addEventListener(event, look);
look();
