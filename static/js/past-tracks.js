// @ts-check
// Plays the tracks of many vehicles into a store: each fix at its time, and between two fixes the way. Pure, and
// in arrays of numbers: 10 000 vehicles are looked at in each step.

import { FIELDS } from "./packing.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./packing.js").Tracks} Tracks */
/** @typedef {{ from: number, to: number, tracks: Tracks }} Chunk milliseconds */

const HOLE = 3; // intervals: over a longer silence nobody knows the way
const DEFAULT_INTERVAL_S = 60;
const MOST_AT_ONCE = 12; // fixes of one vehicle; of more only the last ones say what it is doing

/** Fixes to come of vehicles, one vehicle after the other. */
class Lines {
  /** @param {ArrayLike<number>} ids @param {number} fixes how many at most */
  constructor(ids, fixes) {
    this.ids = Float64Array.from(ids);
    /** Where each vehicle's next fix is, and where its fixes end. */
    this.next = new Int32Array(ids.length);
    this.ends = new Int32Array(ids.length);
    // By vehicle: where it was at its last fix.
    this.begin = new Float64Array(ids.length);
    this.north = new Float64Array(ids.length);
    this.east = new Float64Array(ids.length);
    this.course = new Float64Array(ids.length);
    // By fix.
    this.time = new Float64Array(fixes);
    this.lat = new Float64Array(fixes);
    this.lon = new Float64Array(fixes);
    this.speed = new Float64Array(fixes);
    this.heading = new Float64Array(fixes);
  }

  /** @param {number} to @param {Tracks | Lines} from @param {number} first @param {number} end @returns {number} behind the last one */
  copy(to, from, first, end) {
    for (let i = first; i < end; i++, to++) {
      this.time[to] = from.time[i];
      this.lat[to] = from.lat[i];
      this.lon[to] = from.lon[i];
      this.speed[to] = from.speed[i];
      this.heading[to] = from.heading[i];
    }
    return to;
  }
}

export class PastTracks {
  #store;
  #lines = new Lines([], 0);
  #frame = { type: "positions", items: new Float64Array(FIELDS) };
  /** Until when the tracks are known, milliseconds. */
  until;

  /** @param {Store} store with the picture of a time @param {number} at that time */
  constructor(store, at) {
    this.#store = store;
    this.until = at;
  }

  /** What follows. @param {Chunk} chunk that begins where the last one ended */
  add({ to, tracks }) {
    const old = this.#lines;
    const [known, more] = [rows(old.ids), rows(tracks.ids)];
    const ids = [...new Set([...old.ids, ...tracks.ids])].filter((id) => this.#store.slot(id) >= 0);
    const lines = new Lines(ids, old.time.length + tracks.time.length);
    let at = 0;
    for (let row = 0; row < ids.length; row++) {
      const [before, after] = [known.get(ids[row]), more.get(ids[row])];
      lines.next[row] = at;
      if (before === undefined) this.#place(lines, row);
      else {
        for (const name of /** @type {const} */ (["begin", "north", "east", "course"]))
          lines[name][row] = old[name][before];
        at = lines.copy(at, old, old.next[before], old.ends[before]);
      }
      if (after !== undefined) {
        const last = at > lines.next[row] ? lines.time[at - 1] : lines.begin[row];
        let first = after > 0 ? tracks.ends[after - 1] : 0;
        while (first < tracks.ends[after] && tracks.time[first] <= last) first++;
        at = lines.copy(at, tracks, first, tracks.ends[after]);
      }
      lines.ends[row] = at;
    }
    this.#lines = lines;
    this.until = to;
  }

  /** @param {Lines} lines @param {number} row */
  #place(lines, row) {
    const slot = this.#store.slot(lines.ids[row]);
    lines.begin[row] = this.#store.time[slot];
    lines.north[row] = this.#store.lat[slot];
    lines.east[row] = this.#store.lon[slot];
    lines.course[row] = this.#store.heading[slot];
  }

  /**
   * Go on to a time.
   * @param {number} time milliseconds, never back
   * @returns {{ moved: number[], fixed: number[] }} slots that are elsewhere, and those of them with another fix
   */
  advance(time) {
    const [moved, fixed] = [[], []];
    const lines = this.#lines;
    for (let row = 0; row < lines.ids.length; row++) {
      const slot = this.#store.slot(lines.ids[row]);
      if (slot < 0) continue;
      const next = lines.next[row];
      let reached = next;
      while (reached < lines.ends[row] && lines.time[reached] <= time) reached++;
      if (reached > next) {
        for (let i = Math.max(next, reached - MOST_AT_ONCE); i < reached; i++) this.#fix(slot, row, i);
        lines.next[row] = reached;
        this.#place(lines, row);
        fixed.push(slot);
      }
      if (this.#between(slot, row, time) || reached > next) moved.push(slot);
    }
    return { moved, fixed };
  }

  /** @param {number} slot @param {number} row @param {number} i */
  #fix(slot, row, i) {
    const { ids, time, lat, lon, speed, heading } = this.#lines;
    const [store, { items }] = [this.#store, this.#frame];
    const ignition = store.ignition[slot] < 0 ? Number.NaN : store.ignition[slot];
    items.fill(Number.NaN);
    [items[0], items[1], items[2], items[3]] = [ids[row], time[i], lat[i], lon[i]];
    [items[4], items[5]] = [speed[i], heading[i]];
    [items[6], items[8]] = [store.battery[slot], ignition]; // as last heard: tracks do not say
    store.apply(this.#frame);
  }

  /** @param {number} slot @param {number} row @param {number} time @returns {boolean} whether it is on its way */
  #between(slot, row, time) {
    const lines = this.#lines;
    const [next, begin, lat, lon] = [lines.next[row], lines.begin[row], lines.north[row], lines.east[row]];
    const store = this.#store;
    if (next === lines.ends[row] || Number.isNaN(begin)) return false;
    const end = lines.time[next];
    if (end - begin > 1000 * HOLE * (store.interval[slot] || DEFAULT_INTERVAL_S)) return false;
    const share = Math.min(1, Math.max(0, (time - begin) / (end - begin)));
    const [north, east] = [lines.lat[next] - lat, turn(lines.lon[next] - lon)];
    if (north === 0 && east === 0) return false;
    store.lat[slot] = lat + north * share;
    store.lon[slot] = turn(lon + east * share);
    const turned = turn(lines.heading[next] - lines.course[row]);
    if (!Number.isNaN(turned)) store.heading[slot] = (lines.course[row] + turned * share + 360) % 360;
    return true;
  }
}

/** @param {Float64Array} ids @returns {Map<number, number>} vehicle → its row */
function rows(ids) {
  const found = new Map();
  for (let row = 0; row < ids.length; row++) found.set(ids[row], row);
  return found;
}

/** The short way; also a longitude on the globe. @param {number} degrees -180 to 180 */
const turn = (degrees) => ((((degrees + 180) % 360) + 360) % 360) - 180;
