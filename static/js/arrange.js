// @ts-check
// Which vehicles the list and the map show, in which order. Pure.

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./states.js").State} State */
/** @typedef {{ query: string, states: Set<State>, fleets: Set<string> }} Filter an empty set filters nothing */

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

/** @param {string} text */
const plain = (text) =>
  text
    .normalize("NFD")
    .replace(/\p{Diacritic}/gu, "")
    .toLowerCase();

/** Slots by name; recomputed only when a description changed. */
export class Names {
  #version = -1;
  /** @type {number[]} */
  #order = [];
  /** @type {string[]} */
  #texts = [];

  /** @param {Store} store */
  refresh(store) {
    if (store.version === this.#version) return;
    this.#version = store.version;
    const name = (/** @type {number} */ slot) => store.vehicle(slot)?.name ?? "";
    this.#order = [...store.slots()].sort((a, b) => collator.compare(name(a), name(b)) || a - b);
    this.#texts = [];
    for (const slot of this.#order) {
      const vehicle = store.vehicle(slot);
      if (vehicle)
        this.#texts[slot] = plain(`${vehicle.name} ${vehicle.plate} ${vehicle.driver} ${vehicle.uid ?? ""}`);
    }
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
 * @param {Store} store @param {Names} names refreshed @param {Filter} filter @param {number} now
 * @returns {{ slots: number[], states: State[], counts: Record<string, number> }}
 *   slots to show, alarms first, then by name; the state of every slot; how many of each state match the rest of the filter
 */
export function arrange(store, names, filter, now) {
  const words = plain(filter.query).split(/\s+/).filter(Boolean);
  /** @type {State[]} */
  const states = [];
  /** @type {Record<string, number>} */
  const counts = { all: 0, alarm: 0, moving: 0, idle: 0, stopped: 0, offline: 0, never: 0 };
  const alarms = [];
  const others = [];
  for (const slot of names.order) {
    const state = store.state(slot, now);
    states[slot] = state;
    if (filter.fleets.size && !filter.fleets.has(store.vehicle(slot)?.fleet ?? "")) continue;
    if (words.length && !names.matches(slot, words)) continue;
    counts.all++;
    counts[state]++;
    if (filter.states.size && !filter.states.has(state)) continue;
    (state === "alarm" ? alarms : others).push(slot);
  }
  return { slots: [...alarms, ...others], states, counts };
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
