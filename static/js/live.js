// @ts-check
// The live page: list, map and drawer show the same vehicles.

import { arrange, Names } from "./arrange.js";
import { count } from "./format.js";
import { List } from "./list.js";
import { create, drawable, FleetMap } from "./map.js";
import { announce, clock, onFrame, store } from "./page.js";
import { PALETTES } from "./palette.js";
import { Drawer } from "./panel.js";
import { lastHour } from "./past.js";
import { STATES } from "./states.js";
import { welcome } from "./visit.js";

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
  const shown = show();
  follow(false);
  remember();
  draw();
  if (slot >= 0) list.reveal(slot);
  if (slot >= 0 && reveal) map?.reveal(slot);
  return shown;
}

/** The selected vehicle in the drawer, and its last hour on the map. */
function show() {
  map?.past(-1, null);
  if (selected < 0) return drawer.hide();
  const id = selected;
  lastHour(settings.track.replace("/0/", `/${id}/`), clock.now()).then((track) => {
    if (selected === id) map?.past(store.slot(id), track);
  });
  return drawer.show(id);
}

/** Open a vehicle, one that moves if none is open, and go to a part of it. @param {string} part selector */
async function lead(part) {
  const moving = arranged.slots.find((slot) => arranged.states[slot] === "moving") ?? arranged.slots[0];
  if (selected < 0 && moving !== undefined) await select(moving);
  const found = /** @type {HTMLElement | null} */ (element("drawer-body").querySelector(part));
  const around = found?.closest("details");
  if (around) around.open = true;
  found?.focus();
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
    show();
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
  if (fitted || !store.complete || !(map || root.dataset["map"] === "none")) return;
  fitted = true;
  map?.fit(arranged.slots);
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
  fit();
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
  const handle = target?.closest("#sheet-handle");
  if (handle) handle.setAttribute("aria-expanded", String(element("side").classList.toggle("side-open")));
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
  Enter: () => lead("textarea"),
  "/": () => search.focus(),
  Escape: () => (selected >= 0 ? select(-1) : clearFilters()),
  f: () => follow(!map?.following),
  h: () => map?.fit(arranged.slots, true),
  m: () => lead("textarea"),
  d: () => document.dispatchEvent(new CustomEvent("switch-scheme")),
  "?": () => help.showModal(),
};
const help = /** @type {HTMLDialogElement} */ (element("help"));

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (help.open) return;
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

welcome(element("first-run"), {
  write: () => lead("textarea"),
  track: () => lead(".export summary"),
});
for (const chip of document.querySelectorAll("[data-fleet]"))
  chip.setAttribute("aria-pressed", String(filter.fleets.has(chip.getAttribute("data-fleet") ?? "")));
setInterval(draw, 1000);
draw();
startMap().catch((error) => {
  noMap();
  throw error;
});
