// @ts-check
// The live page: list, map and drawer show the same vehicles.

import { press } from "./chips.js";
import { everything, read, write } from "./filter.js";
import { zone } from "./format.js";
import { n, t } from "./i18n.js";
import { List } from "./list.js";
import { listenTo, pressed } from "./live-inputs.js";
import { bindings } from "./live-keys.js";
import { none, start } from "./live-map.js";
import { Past } from "./live-past.js";
import { element, View } from "./live-view.js";
import { LookBack } from "./look-back.js";
import { Nearest } from "./nearest.js";
import { announce, clock, keys, store as live, onFrame, picture, where } from "./page.js";
import { Drawer, place as inWords } from "./panel.js";
import { copySeveral, position, showSeveral } from "./several.js";
import { Stage } from "./stage.js";
import { MOVING } from "./states.js";
import { turn } from "./tabs.js";
import { copy, toast } from "./toast.js";
import { welcome } from "./visit.js";
import { Within } from "./within.js";

const SETTLED_MS = 6000; // by then the archive has what came in just now
const root = document.documentElement;
const settings = JSON.parse(element("live-settings").textContent ?? "{}");
const search = /** @type {HTMLInputElement} */ (element("search"));
const sorting = /** @type {HTMLSelectElement} */ (element("sort"));

let fitted = false;
/** The past that the address named when the page was opened. @type {number | null} */
let beginAt = null;
/** @type {(drawn: any) => void} */
let pin = () => {};
/** @type {(centre: [number, number] | null, metres?: number) => void} */
let ring = () => {};

const of = (/** @type {string} */ address) => (/** @type {number} */ id) => address.replace("/0/", `/${id}/`);
const store = new Stage(live);
const then = new Past(store, live, settings, {
  now: () => clock.now(),
  zone,
  onPicture: repaint,
  onMove: advance,
  onTurn: (on) => {
    follow(false);
    announce(on ? t("This is the past. L leads back to live.") : t("Live again."));
  },
  onRest: () => remember(false),
});
const { now } = then;
picture.store = /** @type {any} */ (store);
picture.now = now;
const drawer = new Drawer(element("drawer"), of(settings.vehicle));
// It asks for a minute more than the hour, for clocks that run ahead: of the past, nothing of later is wanted.
const hour = () => (store.past ? now() - 60_000 : now());
const past = new LookBack(of(settings.trail), hour, (id, track) => view.map?.past(store.slot(id), track));
const nearest = new Nearest(element("nearest"), (lat, lon) => where.at(lat, lon));
const within = new Within(element("within"), settings.within, {
  now,
  past: () => store.past !== null,
  zone,
  onArea: (centre, metres) => ring(centre, metres),
});
const list = new List(element("list"), store, {
  now,
  where: (slot) => inWords(store, slot, where, clock.now()),
  onSelect: (slot, event) => click(slot, event),
  onHover: (slot) => hover(slot),
});
const view = new View(store, now, { list, nearest });
const { choice } = view;
const idOf = (/** @type {number} */ slot) => store.vehicle(slot)?.id ?? -1;

/** Keep the view in the address. @param {boolean} entry whether "back" leads to how it was */
function remember(entry) {
  const address = location.pathname + write(view.filter, choice.selected, store.past ? now() : null);
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
  const { filter, selected, at } = read(location.search);
  view.filter = filter;
  search.value = filter.query;
  sorting.value = filter.sort;
  choice.select(selected);
  open();
  if (!fitted) beginAt = at;
  else then.to(at);
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
  if (then.on && tab === "messages") return toast(t("Messages are off while you look back."));
  const { slots, states } = view.arranged;
  const moving = slots.find((slot) => states[slot] === MOVING) ?? slots[0];
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
  within.at(point);
  sorting.value = point ? "distance" : view.filter.sort;
  sorting.disabled = point !== null;
  element("list").scrollTop = 0;
  view.draw();
}

// --- frames ---------------------------------------------------------------------------------

live.onRemove = (slot) => view.map?.forget(slot);
onFrame((frame, slots) => {
  if (store.past) {
    store.keepUp(frame);
    if (["vehicle", "snapshot"].includes(frame.type)) view.drawSoon();
    return;
  }
  view.map?.move(slots, frame.type === "snapshot");
  const watched = store.slot(choice.selected);
  if (slots.includes(watched))
    past.add(choice.selected, { time: store.time[watched], speed: store.speed[watched] });
  if (frame.type === "positions" && slots.length) return view.moved();
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
  then.to(beginAt);
  view.map?.fit(view.arranged.slots);
  if (choice.selected < 0) return;
  const slot = store.slot(choice.selected);
  open();
  list.reveal(slot);
  view.map?.reveal(slot);
}

// --- another time ---------------------------------------------------------------------------

/** Another time is shown than the one before. */
function repaint() {
  view.map?.begin(store.past !== null);
  view.draw();
  past.anew();
}

/** It plays. @param {number[]} moved slots @param {number[]} fixed those with another fix @param {number} ms to glide */
function advance(moved, fixed, ms) {
  view.map?.play(moved, ms);
  view.map?.passed(fixed);
  view.drawMap();
  view.drawSoon();
}

// --- what people do -------------------------------------------------------------------------

/** @type {Record<string, () => void>} buttons by data-do */
const actions = {
  ...then.actions,
  replay: () => then.tracks(choice.several.size ? [...choice.several] : [choice.selected]),
  follow: () => follow(!view.map?.following),
  trail: () => toggle("trail"),
  labels: () => (then.on ? then.live() : toggle("labels")),
  message: () => lead("messages", "[data-composer] textarea"),
  near: () => nearVehicle(store.slot(choice.selected)),
  "near-end": () => near(null),
  copy: () => copy(position(store, store.slot(choice.selected)), t("Position copied")),
  fit: () => view.map?.fit(view.arranged.slots, true),
  "fit-several": () => view.map?.fit(view.several(), true),
  "write-several": () => location.assign(`/messages/broadcast/?vehicles=${[...choice.several].join(",")}`),
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
  then.freeze();
});
welcome(element("first-run"), {
  write: () => lead("messages", "[data-composer] textarea"),
  track: () => lead("overview", ".export summary"),
});

async function begin() {
  try {
    const on = { onClick: clickMap, onHover: hover, onSelect: select, onUnfollow };
    const made = await start({ settings, store, ...on });
    if (made) [view.map, pin, ring] = [made.map, made.pin, made.ring];
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
then.draw();
begin();
