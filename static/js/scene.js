// @ts-check
// Which vehicles the map draws, in which order, and which of them lie under one another. Arrays by slot:
// 50 000 vehicles cost no garbage.

import { Collapse } from "./collapse.js";
import { kind } from "./glyphs.js";
import { ALARM, stale } from "./states.js";
import { DIMMED, HOVERED, SELECTED, STALE } from "./vehicle-layer.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./viewport.js").Viewport} Viewport */
/** @typedef {{ slots: number[], dimmed: number[], states: Uint8Array }} Arranged dimmed: shown though the filter leaves it out; states: by slot, places in STATES */
/**
 * @typedef {object} Focus slots, -1 for none
 * @property {number} selected @property {number} hovered @property {Set<number>} [chosen] several
 * @property {boolean} [trail] whether the way of the last minutes is drawn @property {boolean} [labels] whether all have names
 */

/** Names beside vehicles while no more than these are in view. */
export const MOST_LABELS = 300;
const FEW = 25;
const EARTH_M = 40_075_016.7;
const BESIDE = 0.5; // screens around the view that are collapsed too
const TOP = 6; // alarms; 5 the selected one; 4 to 1 moving, idle, stopped, offline; 0 the dimmed ones

export class Scene {
  // As VehicleLayer draws it.
  order = new Int32Array();
  length = 0;
  state = new Uint8Array();
  flags = new Uint8Array();
  many = new Int32Array();
  kind = new Uint8Array();
  /** @type {{ slot: number, radius: number } | null} */
  accuracy = null;
  alarms = false;

  #store;
  #version = -1;
  #collapse = new Collapse();
  #levels = new Uint8Array();
  #starts = new Int32Array(TOP + 2);
  /** By slot, as of the last collapse. */
  #count = new Int32Array();
  #leader = new Int32Array();
  #x = new Float64Array();
  #y = new Float64Array();
  #alone = new Uint8Array();
  #slots = new Int32Array();
  /** @type {Focus} */
  #focus = { selected: -1, hovered: -1 };
  /** @type {number[]} slots with names when all have them */
  #named = [];
  /** @type {number[]} slots that stand for several, in view */
  counts = [];

  /** @param {Store} store */
  constructor(store) {
    this.#store = store;
  }

  /** @param {Arranged} arranged @param {Focus} focus @param {number} now server time */
  arrange({ slots, states, dimmed }, focus, now) {
    this.#reserve();
    this.#focus = focus;
    if (this.#store.version !== this.#version) this.#kinds();
    const { time, interval } = this.#store; // once: it may be a stage, which looks them up
    this.#starts.fill(0);
    for (const slot of dimmed) this.#look(slot, states[slot], DIMMED, 0, time);
    for (const slot of slots) {
      const state = states[slot];
      const selected = slot === focus.selected;
      const flags =
        (state !== ALARM && stale(time[slot], interval[slot], now) ? STALE : 0) |
        (selected ? SELECTED : 0) |
        (slot === focus.hovered || focus.chosen?.has(slot) ? HOVERED : 0);
      this.#look(slot, state, flags, state === ALARM ? TOP : selected ? 5 : Math.max(1, 5 - state), time);
    }
    this.alarms = this.#starts[TOP + 1] > 0;
    for (let level = 1; level <= TOP + 1; level++) this.#starts[level] += this.#starts[level - 1];
    this.length = this.#starts[TOP + 1];
    for (const slot of dimmed) this.#put(slot, time);
    for (const slot of slots) this.#put(slot, time);
    this.#findAccuracy(focus.selected);
  }

  /** @param {number} slot @param {number} state @param {number} flags @param {number} level @param {Float64Array} time */
  #look(slot, state, flags, level, time) {
    this.state[slot] = state;
    this.flags[slot] = flags;
    this.#levels[slot] = level;
    const alone = level >= 5 || level === 0;
    this.many[slot] = alone ? 1 : this.#count[slot] || (flags & HOVERED ? 1 : 0);
    if (!Number.isNaN(time[slot])) this.#starts[level + 1]++;
  }

  /** @param {number} slot @param {Float64Array} time */
  #put(slot, time) {
    if (!Number.isNaN(time[slot])) this.order[this.#starts[this.#levels[slot]]++] = slot;
  }

  /** @param {number} slot */
  #findAccuracy(slot) {
    const metres = slot < 0 ? Number.NaN : this.#store.accuracy[slot];
    const shrink = Math.cos((this.#store.lat[slot] * Math.PI) / 180);
    this.accuracy = metres > 0 ? { slot, radius: metres / EARTH_M / Math.max(shrink, 0.08) } : null;
  }

  /**
   * Find what lies on one another and who gets a name; for when the map rests, not for each frame.
   * @param {Viewport} view @param {import("./glide.js").Glide} glide
   */
  collapse(view, glide) {
    const n = this.#gather(view, glide);
    this.#collapse.run(n, this.#x, this.#y, this.#alone);
    const { leader, count } = this.#collapse;
    this.#count.fill(1);
    this.#named = [];
    this.counts = [];
    for (let i = 0; i < n; i++) {
      const slot = this.#slots[i];
      this.#count[slot] = count[i];
      this.#leader[slot] = this.#slots[leader[i]];
      if (this.#levels[slot] > 0 && this.#levels[slot] < 5)
        this.many[slot] = count[i] || (this.flags[slot] & HOVERED ? 1 : 0);
      const inside =
        this.#x[i] > -80 && this.#y[i] > -20 && this.#x[i] < view.width && this.#y[i] < view.height + 20;
      if (inside && count[i] === 1 && this.#named.length <= MOST_LABELS) this.#named.push(slot);
      if (inside && count[i] > 1 && this.counts.length < MOST_LABELS) this.counts.push(slot);
    }
  }

  /** Those in and around the view, top first. @param {Viewport} view @param {import("./glide.js").Glide} glide */
  #gather(view, glide) {
    const [wide, high] = [view.width * BESIDE, view.height * BESIDE];
    let n = 0;
    for (let i = this.length - 1; i >= 0; i--) {
      const slot = this.order[i];
      if (this.#levels[slot] === 0) break;
      const x = view.left(glide.toX[slot]);
      const y = view.top(glide.toY[slot]);
      if (!(x > -wide && y > -high && x < view.width + wide && y < view.height + high)) continue;
      this.#x[n] = x;
      this.#y[n] = y;
      this.#slots[n] = slot;
      this.#alone[n++] = this.#levels[slot] >= 5 ? 1 : 0;
    }
    return n;
  }

  /** The slots that have a name on the map; all, or only those that always have one. @param {boolean} all */
  named(all) {
    const { selected, hovered } = this.#focus;
    const strong = [selected, hovered].filter((slot) => slot >= 0 && slot < this.many.length);
    for (let i = this.length - 1; i >= 0 && this.#levels[this.order[i]] === TOP; i--)
      strong.push(this.order[i]);
    const few = all && this.#named.length <= MOST_LABELS;
    return new Set([...strong, ...(few ? this.#named.filter((slot) => this.many[slot] === 1) : [])]);
  }

  /** Those in view, when they are few enough for a trail each. */
  get few() {
    return this.#named.length <= FEW ? this.#named : [];
  }

  /** Whether a name is written whatever lies there. @param {number} slot */
  strong(slot) {
    return this.#levels[slot] >= 5 || slot === this.#focus.hovered;
  }

  /** What is under a count, in the order of the list. @param {number} slot @param {number[]} slots of the list */
  group(slot, slots) {
    return slots.filter(
      (other) => this.#leader[other] === slot && this.#levels[other] > 0 && this.#levels[other] < 5,
    );
  }

  #kinds() {
    this.#version = this.#store.version;
    for (const slot of this.#store.slots()) this.kind[slot] = kind(this.#store.vehicle(slot) ?? {});
  }

  #reserve() {
    const size = this.#store.time.length;
    if (this.state.length >= size) return;
    this.#version = -1;
    this.order = new Int32Array(size);
    this.state = new Uint8Array(size);
    this.flags = new Uint8Array(size);
    this.many = new Int32Array(size).fill(1);
    this.kind = new Uint8Array(size);
    this.#levels = new Uint8Array(size);
    this.#count = new Int32Array(size).fill(1);
    this.#leader = new Int32Array(size).fill(-1);
    this.#x = new Float64Array(size);
    this.#y = new Float64Array(size);
    this.#alone = new Uint8Array(size);
    this.#slots = new Int32Array(size);
  }
}
