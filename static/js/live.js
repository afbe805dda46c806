// @ts-check
// The live page: list, map and drawer show the same vehicles.

import { arrange, Names, Order } from "./arrange.js";
import { press, showChips } from "./chips.js";
import { Choice } from "./choice.js";
import { everything, read, write } from "./filter.js";
import { n, page, t } from "./i18n.js";
import { List } from "./list.js";
import { listenTo, pressed } from "./live-inputs.js";
import { bindings } from "./live-keys.js";
import { none, start } from "./live-map.js";
import { LookBack } from "./look-back.js";
import { Nearest } from "./nearest.js";
import { announce, clock, keys, onFrame, store, where } from "./page.js";
import { Drawer, place } from "./panel.js";
import { copySeveral, position, showSeveral } from "./several.js";
import { turn } from "./tabs.js";
import { copy } from "./toast.js";
import { welcome } from "./visit.js";

const FRAME_MS = 250;
const SETTLED_MS = 6000; // by then the archive has what came in just now
const root = document.documentElement;
const settings = JSON.parse(element("live-settings").textContent ?? "{}");
const search = /** @type {HTMLInputElement} */ (element("search"));
const sorting = /** @type {HTMLSelectElement} */ (element("sort"));

/** @param {string} id @returns {HTMLElement} */
function element(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

const choice = new Choice();
const shown = { trail: true, labels: true };
const names = new Names();
const order = new Order();
let { filter, selected } = read(location.search);
let arranged = arrange(store, names, filter, clock.now());
let hovered = -1;
/** @type {import("./map.js").FleetMap | null} */
let map = null;
let fitted = false;
let due = 0;

const of = (/** @type {string} */ address) => (/** @type {number} */ id) => address.replace("/0/", `/${id}/`);
const drawer = new Drawer(element("drawer"), of(settings.vehicle));
const past = new LookBack(of(settings.trail), clock.now.bind(clock), (id, track) =>
  map?.past(store.slot(id), track),
);
const nearest = new Nearest(element("nearest"), (lat, lon) => where.at(lat, lon));
const list = new List(element("list"), store, {
  now: () => clock.now(),
  where: (slot) => place(store, slot, where, clock.now()),
  onSelect: (slot, event) => click(slot, event),
  onHover: (slot) => hover(slot),
});

const idOf = (/** @type {number} */ slot) => store.vehicle(slot)?.id ?? -1;
const several = () => [...choice.several].map((id) => store.slot(id)).filter((slot) => slot >= 0);

// --- what is shown ------------------------------------------------------------------------

function draw() {
  clearTimeout(due);
  due = 0;
  const now = clock.now();
  names.refresh(store);
  const sorted = order.refresh(store, names, filter.sort, now, nearest.point);
  arranged = arrange(store, names, filter, now, { order: sorted, nearest: nearest.point !== null });
  showList();
  showMap();
  nearest.show(store, arranged.slots, order.distance);
  showChips(filter, arranged);
  element("empty").hidden = !(store.complete && store.size === 0);
  element("no-match").hidden = !(store.size > 0 && arranged.slots.length === 0);
  element("loading").hidden = store.complete;
}

/** Soon, and once for all that happens until then. */
function drawSoon() {
  due ||= setTimeout(draw, FRAME_MS);
}

const focus = () => ({ selected: store.slot(choice.selected), chosen: new Set(several()), hovered });

function showList() {
  const marked = { ...focus(), cursor: store.slot(choice.cursor) };
  list.show(arranged, marked, nearest.point ? order.distance : null);
}

function showMap() {
  const dimmed = page["dim_filtered"] ? arranged.dimmed : [];
  map?.show({ ...arranged, dimmed }, { ...focus(), ...shown }, clock.now());
}

/** Keep the view in the address. @param {boolean} entry whether "back" leads to how it was */
function remember(entry) {
  const address = location.pathname + write(filter, choice.selected);
  if (address === location.pathname + location.search) return;
  if (entry) history.pushState(null, "", address);
  else history.replaceState(null, "", address);
}

/** @param {boolean} [entry] */
function refilter(entry = true) {
  remember(entry);
  element("list").scrollTop = 0;
  draw();
  announce(n("{n} vehicle", "{n} vehicles", arranged.slots.length));
}

/** Take the view from the address. */
function restore() {
  ({ filter, selected } = read(location.search));
  search.value = filter.query;
  sorting.value = filter.sort;
  choice.select(selected);
  open();
  draw();
}

// --- choosing vehicles ----------------------------------------------------------------------

/** @param {number} slot -1: none @param {{ reveal?: boolean, entry?: boolean }} [how] */
function select(slot, { reveal = true, entry = true } = {}) {
  choice.select(idOf(slot));
  const opened = chosen(entry);
  if (slot >= 0) list.reveal(slot);
  if (slot >= 0 && reveal) map?.reveal(slot);
  return opened;
}

/**
 * With Ctrl one more or less, with Shift all up to it.
 * @param {number} slot @param {MouseEvent} event @param {boolean} [reveal] whether the map goes there
 */
function click(slot, event, reveal = true) {
  if (event.shiftKey) choice.extend(idOf(slot), arranged.slots.map(idOf));
  else if (event.ctrlKey || event.metaKey) choice.toggle(idOf(slot));
  else return select(slot, { reveal });
  return chosen(true);
}

/** @param {number} rows @param {boolean} [extend] */
function step(rows, extend = false) {
  const slot = list.next(rows);
  if (slot < 0) return;
  if (!extend) return select(slot, { entry: false });
  choice.extend(idOf(slot), arranged.slots.map(idOf));
  chosen(false);
  list.reveal(slot);
}

/** @param {boolean} entry */
function chosen(entry) {
  const opened = open();
  follow(false);
  remember(entry);
  draw();
  return opened;
}

/** The selected vehicle in the drawer, its last hour on the map; of several, what can be done with them. */
function open() {
  const id = choice.selected;
  showSeveral(element("several"), choice.several.size);
  resumable(-1);
  map?.past(-1, null);
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
  const moving = arranged.slots.find((slot) => arranged.states[slot] === "moving") ?? arranged.slots[0];
  if (choice.selected < 0 && moving !== undefined) await select(moving);
  await turn(element("drawer-body"), tab);
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
  showList();
}

/** @param {boolean} on */
function follow(on) {
  if (map) map.following = on && choice.selected >= 0;
  pressed("follow", map?.following ?? false);
  if (map?.following) resumable(-1);
  showMap();
}

/** Offer to follow a vehicle again. @param {number} slot -1: none */
function resumable(slot) {
  const button = element("resume");
  button.hidden = slot < 0;
  button.textContent = t("Follow {name} again", { name: store.vehicle(slot)?.name ?? "" });
}

/** @param {"trail" | "labels"} what */
function toggle(what) {
  shown[what] = !shown[what];
  pressed(what, shown[what]);
  showMap();
}

/** Sort by distance from a place, or no longer. @param {[number, number] | null} point longitude, latitude @param {string} [name] */
function near(point, name) {
  if (point) nearest.open(point, name);
  else nearest.close();
  sorting.value = point ? "distance" : filter.sort;
  sorting.disabled = point !== null;
  element("list").scrollTop = 0;
  draw();
}

// --- frames ---------------------------------------------------------------------------------

store.onRemove = (slot) => map?.forget(slot);
onFrame((frame, slots) => {
  map?.move(slots, frame.type === "snapshot");
  if (frame.type === "positions" && slots.length) showMap();
  if (frame.type !== "snapshot" || !store.complete) return drawSoon();
  draw();
  if (fitted && choice.selected >= 0) {
    // Back after a loss: the archive knows what went on meanwhile, and a little later the rest.
    past.again();
    setTimeout(() => past.again(), SETTLED_MS);
  }
  fit();
});

/** The first look, once there is something to look at. */
function fit() {
  if (fitted || !store.complete || !(map || root.dataset["map"] === "none")) return;
  fitted = true;
  map?.fit(arranged.slots);
  if (choice.selected < 0) return;
  const slot = store.slot(choice.selected);
  open();
  list.reveal(slot);
  map?.reveal(slot);
}

// --- what people do -------------------------------------------------------------------------

/** @type {Record<string, () => void>} buttons by data-do */
const actions = {
  follow: () => follow(!map?.following),
  trail: () => toggle("trail"),
  labels: () => toggle("labels"),
  message: () => lead("messages", "textarea"),
  near: () => nearVehicle(store.slot(choice.selected)),
  "near-end": () => near(null),
  copy: () => copy(position(store, store.slot(choice.selected)), t("Position copied")),
  fit: () => map?.fit(arranged.slots, true),
  "fit-several": () => map?.fit(several(), true),
  "copy-several": () => copySeveral(store, several(), clock.now()),
  clear: clearFilters,
  close: () => select(-1),
  resume: () => follow(true),
  search: () => search.focus(),
  escape: leave,
};

/** @param {number} slot */
function nearVehicle(slot) {
  if (Number.isFinite(store.lat[slot])) near([store.lon[slot], store.lat[slot]], store.vehicle(slot)?.name);
}

listenTo(search, sorting, actions, {
  onPress: (target) => press(target, filter) && refilter(),
  onShow: (id) => {
    const slot = store.slot(id);
    if (slot >= 0) select(slot);
    return slot >= 0;
  },
  onQuery: (query) => {
    filter.query = query;
    refilter(false);
  },
  onSort: (sort) => {
    filter.sort = sort;
    refilter();
  },
  onEnter: () => arranged.slots.length && select(arranged.slots[0]),
});
addEventListener("popstate", restore);

function clearFilters() {
  filter = { ...everything(), sort: filter.sort };
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
  pressed("trail", shown.trail);
  pressed("follow", map?.following ?? false);
});
welcome(element("first-run"), {
  write: () => lead("messages", "textarea"),
  track: () => lead("overview", ".export summary"),
});

async function begin() {
  try {
    map = await start({ settings, store, onClick: clickMap, onHover: hover, onSelect: select, onUnfollow });
  } finally {
    if (!map) none();
    draw();
    fit();
  }
}

/** @param {number} slot -1: an empty place @param {MouseEvent} event @param {[number, number]} point longitude, latitude */
function clickMap(slot, event, point) {
  if (slot >= 0) click(slot, event, false);
  else if (nearest.point) near(null);
  else if (choice.selected >= 0 || choice.several.size) select(-1);
  else near(point);
}

function onUnfollow() {
  follow(false);
  resumable(store.slot(choice.selected));
}

restore();
setInterval(draw, 1000);
begin();
