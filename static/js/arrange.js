// @ts-check
// Which vehicles the list and the map show, in which order. Pure.

import { metres } from "./geo.js";
import { ALARM, STATES } from "./states.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./filter.js").Filter} Filter */
/** @typedef {import("./filter.js").Sort} Sort */
/**
 * @typedef {object} Arranged
 * @property {number[]} slots to show, in order
 * @property {number[]} dimmed the others
 * @property {Uint8Array} states by slot: places in STATES
 * @property {Record<string, number>} counts of each state, among those that match the rest of the filter
 * @property {Record<string, number>} fleets how many of each fleet match the rest of the filter
 */

/** Numbers change all the time: rows that are sorted by them stay put for a while. */
export const RESORT_MS = 3000;

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

/** @param {string} text */
export const plain = (text) =>
  text
    .normalize("NFD")
    .replace(/\p{Diacritic}/gu, "")
    .toLowerCase();

const FEW = 100; // changed vehicles; of more the whole order is made anew

/** Slots by name, and what a search looks into. */
export class Names {
  #version = -1;
  /** @type {number[]} */
  #order = [];
  /** @type {string[]} */
  #texts = [];

  /** @param {Store} store */
  refresh(store) {
    if (store.version === this.#version) return;
    const first = this.#version < 0;
    this.#version = store.version;
    const changed = first ? [...store.slots()] : [...store.described];
    store.described.clear();
    for (const slot of changed) this.#describe(store, slot);
    const name = (/** @type {number} */ slot) => store.vehicle(slot)?.name ?? "";
    const compare = (/** @type {number} */ a, /** @type {number} */ b) =>
      collator.compare(name(a), name(b)) || a - b;
    if (first || changed.length > FEW) this.#order = [...store.slots()].sort(compare);
    else
      this.#order = merged(this.#order, changed, { compare, there: (slot) => Boolean(store.vehicle(slot)) });
  }

  /** @param {Store} store @param {number} slot */
  #describe(store, slot) {
    const vehicle = store.vehicle(slot);
    if (!vehicle) return;
    const { name, plate, driver, tags, uid } = vehicle;
    this.#texts[slot] = plain([name, plate, driver, ...tags, uid ?? ""].join(" "));
  }

  get order() {
    return this.#order;
  }

  /** @param {number} slot @param {string[]} words */
  matches(slot, words) {
    return words.every((word) => this.#texts[slot].includes(word));
  }
}

/**
 * An order in which some have changed: they are taken out, and put where they belong.
 * @param {number[]} order @param {number[]} changed
 * @param {{ compare: (a: number, b: number) => number, there: (slot: number) => boolean }} how
 */
function merged(order, changed, { compare, there }) {
  const moved = new Set(changed);
  const others = order.filter((slot) => !moved.has(slot));
  for (const slot of moved) {
    if (!there(slot)) continue;
    let [low, high] = [0, others.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compare(others[middle], slot) < 0) low = middle + 1;
      else high = middle;
    }
    others.splice(low, 0, slot);
  }
  return others;
}

/** Slots by what people sort by. */
export class Order {
  /** @type {number[]} */
  #order = [];
  /** @type {unknown[]} */
  #of = [];
  #at = Number.NEGATIVE_INFINITY;
  /** Metres from the point that the list is sorted by, by slot. */
  distance = new Float64Array();

  /**
   * @param {Store} store @param {Names} names refreshed @param {Sort} sort @param {number} now
   * @param {[number, number] | null} from longitude, latitude: nearest first, whatever the sort
   */
  refresh(store, names, sort, now, from = null) {
    if (from) this.#measure(store, from);
    const of = [names.order, sort, from];
    const same = of.every((value, index) => value === this.#of[index]);
    if (same && now - this.#at < RESORT_MS && now >= this.#at) return this.#order;
    this.#of = of;
    this.#at = now;
    if (from) this.#order = by(names.order, this.distance);
    else if (sort === "speed") this.#order = by(names.order, store.speed, -1);
    else if (sort === "age") this.#order = by(names.order, store.time, -1);
    else this.#order = names.order;
    return this.#order;
  }

  /** @param {Store} store @param {[number, number]} from */
  #measure(store, [lon, lat]) {
    if (this.distance.length < store.length) this.distance = new Float64Array(2 * store.length);
    for (let slot = 0; slot < store.length; slot++)
      this.distance[slot] = metres(lat, lon, store.lat[slot], store.lon[slot]);
  }
}

/**
 * Slots by a number each, unknown ones last; equal ones stay by name.
 * @param {number[]} slots @param {Float64Array} values @param {1 | -1} sign -1: largest first
 */
function by(slots, values, sign = 1) {
  const known = slots.filter((slot) => !Number.isNaN(values[slot]));
  const unknown = slots.filter((slot) => Number.isNaN(values[slot]));
  return [...known.sort((a, b) => sign * (values[a] - values[b])), ...unknown];
}

/**
 * Alarms come first, except where the nearest do.
 * @param {Store} store @param {Names} names refreshed @param {Filter} filter @param {number} now
 * @param {{ order?: number[], nearest?: boolean }} [how]
 * @returns {Arranged}
 */
export function arrange(store, names, filter, now, { order = names.order, nearest = false } = {}) {
  const words = plain(filter.query).split(/\s+/).filter(Boolean);
  const states = store.states(now);
  const { fleet: fleetOf } = store;
  const counts = new Uint32Array(STATES.length);
  const perFleet = new Uint32Array(store.fleets.length);
  const ours = Uint8Array.from(store.fleets, (slug) =>
    Number(!filter.fleets.size || filter.fleets.has(slug)),
  );
  const theirs = Uint8Array.from(STATES, (state) => Number(!filter.states.size || filter.states.has(state)));
  /** @type {number[][]} */
  const ranks = [[], [], [], [], [], []];
  const dimmed = [];
  const byState = filter.sort === "state";
  for (const slot of order) {
    const state = states[slot];
    const fleet = fleetOf[slot];
    const found = words.length === 0 || names.matches(slot, words);
    const wanted = theirs[state];
    if (found && wanted) perFleet[fleet]++;
    if (found && ours[fleet]) counts[state]++;
    if (!found || !wanted || !ours[fleet]) dimmed.push(slot);
    else if (nearest || state === ALARM) ranks[0].push(slot);
    else ranks[byState ? state : 1].push(slot);
  }
  return {
    slots: ranks[0].concat(...ranks.slice(1)),
    dimmed,
    states,
    counts: {
      ...Object.fromEntries(STATES.map((state, index) => [state, counts[index]])),
      all: counts.reduce((sum, count) => sum + count),
    },
    fleets: Object.fromEntries(store.fleets.map((slug, index) => [slug, perFleet[index]])),
  };
}

/**
 * The rows to have in the document.
 * @param {{ top: number, height: number, row: number, total: number, spare?: number }} view pixels and rows
 * @returns {{ first: number, end: number }}
 */
export function rows({ top, height, row, total, spare = 6 }) {
  const first = Math.max(0, Math.min(Math.floor(top / row) - spare, total));
  const end = Math.min(total, Math.ceil((top + height) / row) + spare);
  return { first, end: Math.max(first, end) };
}

/** Where to scroll so that a row is in view. @param {{ index: number, top: number, height: number, row: number }} view */
export function reveal({ index, top, height, row }) {
  if (index * row < top) return index * row;
  if ((index + 1) * row > top + height) return (index + 1) * row - height;
  return top;
}
