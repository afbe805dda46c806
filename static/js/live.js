// @ts-check
// The live page: list, map and drawer show the same vehicles.

import { press } from "./chips.js";
import { everything, read, write } from "./filter.js";
import { n, t } from "./i18n.js";
import { List } from "./list.js";
import { listenTo, pressed } from "./live-inputs.js";
import { bindings } from "./live-keys.js";
import { none, start } from "./live-map.js";
import { element, View } from "./live-view.js";
import { LookBack } from "./look-back.js";
import { Nearest } from "./nearest.js";
import { announce, clock, keys, onFrame, store, where } from "./page.js";
import { Drawer, place as inWords } from "./panel.js";
import { copySeveral, position, showSeveral } from "./several.js";
import { turn } from "./tabs.js";
import { copy } from "./toast.js";
import { welcome } from "./visit.js";

const SETTLED_MS = 6000; // by then the archive has what came in just now
const root = document.documentElement;
const settings = JSON.parse(element("live-settings").textContent ?? "{}");
const search = /** @type {HTMLInputElement} */ (element("search"));
const sorting = /** @type {HTMLSelectElement} */ (element("sort"));

let fitted = false;
/** @type {(drawn: any) => void} */
let pin = () => {};

const of = (/** @type {string} */ address) => (/** @type {number} */ id) => address.replace("/0/", `/${id}/`);
const now = () => clock.now();
const drawer = new Drawer(element("drawer"), of(settings.vehicle));
const past = new LookBack(of(settings.trail), now, (id, track) => view.map?.past(store.slot(id), track));
const nearest = new Nearest(element("nearest"), (lat, lon) => where.at(lat, lon));
const list = new List(element("list"), store, {
  now,
  where: (slot) => inWords(store, slot, where, now()),
  onSelect: (slot, event) => click(slot, event),
  onHover: (slot) => hover(slot),
});
const view = new View(store, now, { list, nearest });
const { choice } = view;
const idOf = (/** @type {number} */ slot) => store.vehicle(slot)?.id ?? -1;

/** Keep the view in the address. @param {boolean} entry whether "back" leads to how it was */
function remember(entry) {
  const address = location.pathname + write(view.filter, choice.selected);
  if (address === location.pathname + location.search) return;
  if (entry) history.pushState(null, "", address);
  else history.replaceState(null, "", address);
}

/** @param {boolean} [entry] */
function refilter(entry = true) {
  remember(entry);
  element("list").scrollTop = 0;
  view.draw();
  announce(n("{n} vehicle", "{n} vehicles", view.arranged.slots.length));
}

/** Take the view from the address. */
function restore() {
  const { filter, selected } = read(location.search);
  view.filter = filter;
  search.value = filter.query;
  sorting.value = filter.sort;
  choice.select(selected);
  open();
  view.draw();
}

// --- choosing vehicles ----------------------------------------------------------------------

/** @param {number} slot -1: none @param {{ reveal?: boolean, entry?: boolean }} [how] */
function select(slot, { reveal = true, entry = true } = {}) {
  choice.select(idOf(slot));
  const opened = chosen(entry);
  if (slot >= 0) list.reveal(slot);
  if (slot >= 0 && reveal) view.map?.reveal(slot);
  return opened;
}

/**
 * With Ctrl one more or less, with Shift all up to it.
 * @param {number} slot @param {MouseEvent} event @param {boolean} [reveal] whether the map goes there
 */
function click(slot, event, reveal = true) {
  if (event.shiftKey) choice.extend(idOf(slot), view.arranged.slots.map(idOf));
  else if (event.ctrlKey || event.metaKey) choice.toggle(idOf(slot));
  else return select(slot, { reveal });
  return chosen(true);
}

/** @param {number} rows @param {boolean} [extend] */
function step(rows, extend = false) {
  const slot = list.next(rows);
  if (slot < 0) return;
  if (!extend) return select(slot, { entry: false });
  choice.extend(idOf(slot), view.arranged.slots.map(idOf));
  chosen(false);
  list.reveal(slot);
}

/** @param {boolean} entry */
function chosen(entry) {
  const opened = open();
  follow(false);
  remember(entry);
  view.draw();
  return opened;
}

/** The selected vehicle in the drawer, its last hour on the map; of several, what can be done with them. */
function open() {
  const id = choice.selected;
  showSeveral(element("several"), choice.several.size);
  resumable(-1);
  view.map?.past(-1, null);
  if (id < 0) {
    past.of(-1);
    return drawer.hide();
  }
  if (store.complete && store.slot(id) < 0) return drawer.missing(id);
  if (store.slot(id) >= 0) past.of(id);
  return drawer.show(id);
}

/** Open a vehicle, one that moves if none is open, its tab, and go to a part of it. @param {string} tab @param {string} part selector */
async function lead(tab, part) {
  const { slots, states } = view.arranged;
  const moving = slots.find((slot) => states[slot] === "moving") ?? slots[0];
  if (choice.selected < 0 && moving !== undefined) await select(moving);
  await turn(element("drawer-body"), tab);
  const found = /** @type {HTMLElement | null} */ (element("drawer-body").querySelector(part));
  const around = found?.closest("details");
  if (around) around.open = true;
  found?.focus();
}

/** @param {number} slot */
function hover(slot) {
  if (slot === view.hovered) return;
  view.hovered = slot;
  view.drawMarks();
}

/** @param {boolean} on */
function follow(on) {
  if (view.map) view.map.following = on && choice.selected >= 0;
  pressed("follow", view.map?.following ?? false);
  if (view.map?.following) resumable(-1);
  view.drawMap();
}

/** Offer to follow a vehicle again. @param {number} slot -1: none */
function resumable(slot) {
  const button = element("resume");
  button.hidden = slot < 0;
  button.textContent = t("Follow {name} again", { name: store.vehicle(slot)?.name ?? "" });
}

/** @param {"trail" | "labels"} what */
function toggle(what) {
  view[what] = !view[what];
  pressed(what, view[what]);
  view.drawMap();
}

/** Sort by distance from a place, or no longer. @param {[number, number] | null} point longitude, latitude @param {import("./store.js").Vehicle} [vehicle] */
function near(point, vehicle) {
  pin(null);
  if (point) nearest.open(point, vehicle);
  else nearest.close();
  sorting.value = point ? "distance" : view.filter.sort;
  sorting.disabled = point !== null;
  element("list").scrollTop = 0;
  view.draw();
}

// --- frames ---------------------------------------------------------------------------------

store.onRemove = (slot) => view.map?.forget(slot);
onFrame((frame, slots) => {
  view.map?.move(slots, frame.type === "snapshot");
  if (frame.type === "positions" && slots.length) view.drawMap();
  const watched = store.slot(choice.selected);
  if (slots.includes(watched))
    past.add(choice.selected, { time: store.time[watched], speed: store.speed[watched] });
  if (frame.type !== "snapshot" || !store.complete) return view.drawSoon();
  view.draw();
  if (fitted && choice.selected >= 0) {
    // Back after a loss: the archive knows what went on meanwhile, and a little later the rest.
    past.again();
    setTimeout(() => past.again(), SETTLED_MS);
  }
  fit();
});

/** The first look, once there is something to look at. */
function fit() {
  if (fitted || !store.complete || !(view.map || root.dataset["map"] === "none")) return;
  fitted = true;
  view.map?.fit(view.arranged.slots);
  if (choice.selected < 0) return;
  const slot = store.slot(choice.selected);
  open();
  list.reveal(slot);
  view.map?.reveal(slot);
}

// --- what people do -------------------------------------------------------------------------

/** @type {Record<string, () => void>} buttons by data-do */
const actions = {
  follow: () => follow(!view.map?.following),
  trail: () => toggle("trail"),
  labels: () => toggle("labels"),
  message: () => lead("messages", "textarea"),
  near: () => nearVehicle(store.slot(choice.selected)),
  "near-end": () => near(null),
  copy: () => copy(position(store, store.slot(choice.selected)), t("Position copied")),
  fit: () => view.map?.fit(view.arranged.slots, true),
  "fit-several": () => view.map?.fit(view.several(), true),
  "copy-several": () => copySeveral(store, view.several(), now()),
  clear: clearFilters,
  close: () => select(-1),
  resume: () => follow(true),
  search: () => search.focus(),
  escape: leave,
};

/** @param {number} slot */
function nearVehicle(slot) {
  if (Number.isFinite(store.lat[slot])) near([store.lon[slot], store.lat[slot]], store.vehicle(slot));
}

listenTo(search, sorting, actions, {
  onPress: (target) => press(target, view.filter) && refilter(),
  onShow: (id) => {
    const slot = store.slot(id);
    if (slot >= 0) select(slot);
    return slot >= 0;
  },
  onQuery: (query) => {
    view.filter.query = query;
    refilter(false);
  },
  onSort: (sort) => {
    view.filter.sort = sort;
    refilter();
  },
  onEnter: () => view.arranged.slots.length && select(view.arranged.slots[0]),
});
addEventListener("popstate", restore);

function clearFilters() {
  view.filter = { ...everything(), sort: view.filter.sort };
  search.value = "";
  refilter();
}

function leave() {
  if (nearest.point) near(null);
  else if (choice.selected >= 0 || choice.several.size) select(-1);
  else clearFilters();
}

keys.bind(bindings(actions, step));
// A drawer that was fetched does not know what is on.
document.addEventListener("htmx:after:settle", () => {
  pressed("trail", view.trail);
  pressed("follow", view.map?.following ?? false);
});
welcome(element("first-run"), {
  write: () => lead("messages", "textarea"),
  track: () => lead("overview", ".export summary"),
});

async function begin() {
  try {
    const on = { onClick: clickMap, onHover: hover, onSelect: select, onUnfollow };
    const made = await start({ settings, store, ...on });
    if (made) [view.map, pin] = [made.map, made.pin];
  } finally {
    if (!view.map) none();
    view.draw();
    fit();
  }
}

/** @param {number} slot -1: an empty place @param {MouseEvent} event @param {import("./live-map.js").Clicked} at */
function clickMap(slot, event, { place, drawn }) {
  if (slot >= 0) click(slot, event, false);
  else if (nearest.point) near(null);
  else if (choice.selected >= 0 || choice.several.size) select(-1);
  else {
    near(place);
    pin(drawn);
  }
}

function onUnfollow() {
  follow(false);
  resumable(store.slot(choice.selected));
}

restore();
setInterval(() => view.draw(), 1000);
begin();
