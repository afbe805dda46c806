// @ts-check
// The live page: list, map and drawer show the same vehicles.

import { arrange, Names } from "./arrange.js";
import { count } from "./format.js";
import { List } from "./list.js";
import { create, drawable, FleetMap } from "./map.js";
import { announce, clock, onFrame, store } from "./page.js";
import { PALETTES } from "./palette.js";
import { Drawer } from "./panel.js";
import { STATES } from "./states.js";

const FRAME_MS = 250;
const root = document.documentElement;
const settings = JSON.parse(element("live-settings").textContent ?? "{}");
const search = /** @type {HTMLInputElement} */ (element("search"));
const dark = matchMedia("(prefers-color-scheme: dark)");

/** @param {string} id @returns {HTMLElement} */
function element(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

const address = new URLSearchParams(location.search);
const filter = {
  query: address.get("q") ?? "",
  states: /** @type {Set<import("./states.js").State>} */ (
    new Set((address.get("s") ?? "").split(",").filter((name) => STATES.some((state) => state === name)))
  ),
  fleets: new Set((address.get("fleet") ?? "").split(",").filter(Boolean)),
};
/** The selected vehicle's id, known before its snapshot comes; -1 for none. */
let selected = Number(address.get("v") ?? -1);
let hovered = -1;
/** @type {FleetMap | null} */
let map = null;
let fitted = false;
let due = 0;
const names = new Names();
let arranged = arrange(store, names, filter, clock.now());

const drawer = new Drawer(element("drawer"), (id) => settings.vehicle.replace("/0/", `/${id}/`));
const list = new List(element("list"), store, {
  now: () => clock.now(),
  onSelect: (slot) => select(slot),
  onHover: (slot) => hover(slot),
});

// --- what is shown ------------------------------------------------------------------------

function draw() {
  due = 0;
  names.refresh(store);
  arranged = arrange(store, names, filter, clock.now());
  const slot = store.slot(selected);
  list.show(arranged, slot);
  showMap();
  for (const chip of document.querySelectorAll("[data-chip]")) showChip(/** @type {HTMLElement} */ (chip));
  element("empty").hidden = !(store.complete && store.size === 0);
  element("no-match").hidden = !(store.size > 0 && arranged.slots.length === 0);
  element("loading").hidden = store.complete;
}

/** Soon, and once for all that happens until then. */
function drawSoon() {
  due ||= setTimeout(draw, FRAME_MS);
}

function showMap() {
  map?.show(arranged, { selected: store.slot(selected), hovered }, clock.now());
}

/** @param {HTMLElement} chip */
function showChip(chip) {
  const name = chip.dataset["chip"] ?? "";
  const pressed = name === "all" ? filter.states.size === 0 : filter.states.has(/** @type {any} */ (name));
  chip.setAttribute("aria-pressed", String(pressed));
  const number = chip.querySelector("b");
  const text = count(arranged.counts[name] ?? 0);
  if (number && number.textContent !== text) number.textContent = text;
  chip.hidden = ["never", "alarm"].includes(name) && !arranged.counts[name] && !pressed;
}

function remember() {
  const query = new URLSearchParams();
  if (filter.fleets.size) query.set("fleet", [...filter.fleets].join(","));
  if (filter.states.size) query.set("s", [...filter.states].join(","));
  if (filter.query) query.set("q", filter.query);
  if (selected >= 0) query.set("v", String(selected));
  const text = query.toString().replaceAll("%2C", ",");
  history.replaceState(null, "", text ? `?${text}` : location.pathname);
}

function refilter() {
  remember();
  element("list").scrollTop = 0;
  draw();
  announce(`${count(arranged.slots.length)} vehicles`);
}

// --- choosing a vehicle ---------------------------------------------------------------------

/** @param {number} slot -1: none @param {{ reveal?: boolean }} [how] */
function select(slot, { reveal = true } = {}) {
  selected = store.vehicle(slot)?.id ?? -1;
  if (selected >= 0) drawer.show(selected);
  else drawer.hide();
  follow(false);
  remember();
  draw();
  if (slot < 0) return;
  list.reveal(slot);
  if (reveal) map?.reveal(slot);
}

/** @param {number} slot */
function hover(slot) {
  if (slot === hovered) return;
  hovered = slot;
  showMap();
}

/** @param {boolean} on */
function follow(on) {
  if (map) map.following = on && selected >= 0;
  element("follow").setAttribute("aria-pressed", String(map?.following ?? false));
  showMap();
}

/** The vehicle of the address, once the snapshot knows it. */
function restore() {
  const slot = store.slot(selected);
  if (slot < 0) {
    selected = -1;
    drawer.hide();
  } else {
    drawer.show(selected);
    list.reveal(slot);
    map?.reveal(slot);
  }
}

// --- frames ---------------------------------------------------------------------------------

onFrame((frame, slots) => {
  map?.move(slots, frame.type === "snapshot");
  if (frame.type === "vehicle" && frame.removed) drawSoon();
  else if (frame.type === "positions") {
    showMap();
    drawSoon();
  } else if (frame.type === "snapshot" && store.complete) {
    draw();
    fit();
  } else drawSoon();
});

function fit() {
  if (fitted || !map || !store.complete) return;
  fitted = true;
  map.fit(arranged.slots);
  restore();
}

// --- the map --------------------------------------------------------------------------------

function palette() {
  const scheme = root.dataset["scheme"];
  return scheme === "dark" || (scheme !== "light" && dark.matches) ? PALETTES.dark : PALETTES.light;
}

async function startMap() {
  if (!drawable()) return noMap();
  root.dataset["map"] = "loading";
  const canvas = /** @type {HTMLCanvasElement} */ (element("labels"));
  const made = await create(element("map"), {
    files: settings.files,
    palette: palette(),
    workerUrl: settings.worker,
  });
  map = new FleetMap(made.map, {
    canvas,
    files: settings.files,
    store,
    palette: palette(),
    streets: made.streets,
  });
  map.onUnfollow = () => follow(false);
  map.on("click", (event) => select(map?.pick(event.point, coarse() ? 24 : 14) ?? -1, { reveal: false }));
  map.on("mousemove", (event) => {
    hover(map?.pick(event.point) ?? -1);
    if (map) map.canvas.style.cursor = hovered >= 0 ? "pointer" : "";
  });
  map.on("mouseout", () => hover(-1));
  map.move([...store.slots()], true);
  draw();
  fit();
}

const coarse = () => matchMedia("(pointer: coarse)").matches;

function noMap() {
  root.dataset["map"] = "none";
  element("no-map").hidden = false;
  restore();
}

function recolour() {
  map?.recolour(palette());
}
dark.addEventListener("change", recolour);
document.addEventListener("scheme", recolour);

// --- what people do -------------------------------------------------------------------------

search.value = filter.query;
search.addEventListener("input", () => {
  filter.query = search.value;
  refilter();
});

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  const chip = target?.closest("[data-chip]");
  if (chip instanceof HTMLElement) toggleState(chip.dataset["chip"] ?? "all");
  const fleet = target?.closest("[data-fleet]");
  if (fleet instanceof HTMLElement) toggleFleet(fleet, fleet.dataset["fleet"] ?? "");
  if (target?.closest("[data-clear]")) clearFilters();
  if (target?.closest("[data-close]")) select(-1);
  if (target?.closest("#follow")) follow(!map?.following);
  if (target?.closest("[data-fit]")) map?.fit(arranged.slots, true);
  if (target?.closest("#sheet-handle")) element("side").classList.toggle("side-open");
  const shown = target?.closest("[data-show]");
  const slot = store.slot(Number(shown?.getAttribute("data-show") ?? -1));
  if (shown && slot >= 0) {
    event.preventDefault();
    select(slot);
  }
});

/** @param {string} name */
function toggleState(name) {
  const state = /** @type {import("./states.js").State} */ (name);
  if (name === "all") filter.states.clear();
  else if (!filter.states.delete(state)) filter.states.add(state);
  refilter();
}

/** @param {HTMLElement} chip @param {string} slug */
function toggleFleet(chip, slug) {
  if (!filter.fleets.delete(slug)) filter.fleets.add(slug);
  chip.setAttribute("aria-pressed", String(filter.fleets.has(slug)));
  refilter();
}

function clearFilters() {
  filter.query = search.value = "";
  filter.states.clear();
  filter.fleets.clear();
  for (const chip of document.querySelectorAll("[data-fleet]")) chip.setAttribute("aria-pressed", "false");
  refilter();
}

/** @type {Record<string, () => void>} */
const keys = {
  j: () => select(list.next(1)),
  ArrowDown: () => select(list.next(1)),
  k: () => select(list.next(-1)),
  ArrowUp: () => select(list.next(-1)),
  Enter: () => element("drawer-body").querySelector("textarea")?.focus(),
  "/": () => search.focus(),
  Escape: () => (selected >= 0 ? select(-1) : clearFilters()),
  f: () => follow(!map?.following),
  h: () => map?.fit(arranged.slots, true),
  m: () => element("drawer-body").querySelector("textarea")?.focus(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const target = /** @type {HTMLElement} */ (event.target);
  const typing = target.matches("input, textarea, select, [contenteditable]");
  if (typing && event.key === "Escape") target.blur();
  if (typing && !(target === search && ["ArrowDown", "ArrowUp"].includes(event.key))) return;
  // Arrows move the map when it has the focus; Enter presses a focused button.
  if (event.key.startsWith("Arrow") && target.closest("#map")) return;
  if (event.key === "Enter" && target.closest("a, button, summary")) return;
  const action = keys[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

// --- the first visit ------------------------------------------------------------------------

const card = document.getElementById("first-run");
if (card) {
  const KEY = "fleetline-first-run";
  try {
    card.hidden = localStorage.getItem(KEY) !== null;
    card.querySelector("button")?.addEventListener("click", () => {
      card.hidden = true;
      localStorage.setItem(KEY, "seen");
    });
  } catch {
    card.hidden = true; // Without storage it would come back for ever.
  }
}

for (const chip of document.querySelectorAll("[data-fleet]"))
  chip.setAttribute("aria-pressed", String(filter.fleets.has(chip.getAttribute("data-fleet") ?? "")));
setInterval(draw, 1000);
draw();
startMap().catch((error) => {
  noMap();
  throw error;
});
