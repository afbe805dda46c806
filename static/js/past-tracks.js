// @ts-check
// Plays the tracks of many vehicles into a store: each fix at its time, and between two fixes the way. Pure.

/** @typedef {import("./store.js").Store} Store */
/** @typedef {{ time: number[], lat: number[], lon: number[], speed: (number | null)[], heading: (number | null)[] }} Fixes in time order */
/** @typedef {{ from: number, to: number, tracks: Record<string, Fixes> }} Chunk milliseconds */

const HOLE = 3; // intervals: over a longer silence nobody knows the way
const DEFAULT_INTERVAL_S = 60;
const MOST_AT_ONCE = 12; // fixes of one vehicle; of more only the last ones say what it is doing

export class PastTracks {
  #store;
  /** @type {Map<number, Fixes & { next: number, before: number[] }>} by vehicle; before: time, lat, lon, heading */
  #lines = new Map();
  /** Until when the tracks are known, milliseconds. */
  until;

  /** @param {Store} store with the picture of a time @param {number} at that time */
  constructor(store, at) {
    this.#store = store;
    this.until = at;
  }

  /** What follows. @param {Chunk} chunk that begins where the last one ended */
  add({ to, tracks }) {
    for (const [id, fixes] of Object.entries(tracks)) {
      const known = this.#lines.get(Number(id));
      const slot = this.#store.slot(Number(id));
      if (slot < 0) continue;
      const last = known?.time.at(-1) ?? known?.before[0] ?? this.#store.time[slot];
      const first = fixes.time.findIndex((time) => !(time <= last));
      const fresh = first < 0 ? [] : [first];
      const rest = (/** @type {any[]} */ old = [], /** @type {any[]} */ more = []) =>
        fresh.length ? [...old.slice(known?.next ?? 0), ...more.slice(first)] : old.slice(known?.next ?? 0);
      this.#lines.set(Number(id), {
        time: rest(known?.time, fixes.time),
        lat: rest(known?.lat, fixes.lat),
        lon: rest(known?.lon, fixes.lon),
        speed: rest(known?.speed, fixes.speed),
        heading: rest(known?.heading, fixes.heading),
        next: 0,
        before: known?.before ?? this.#place(slot),
      });
    }
    this.until = to;
  }

  /** @param {number} slot */
  #place(slot) {
    const { time, lat, lon, heading } = this.#store;
    return [time[slot], lat[slot], lon[slot], heading[slot]];
  }

  /**
   * Go on to a time.
   * @param {number} time milliseconds, never back
   * @returns {{ moved: number[], fixed: number[] }} slots that are elsewhere, and those of them with another fix
   */
  advance(time) {
    const [moved, fixed] = [[], []];
    for (const [id, line] of this.#lines) {
      const slot = this.#store.slot(id);
      if (slot < 0) continue;
      const { next } = line;
      let reached = next;
      while (line.time[reached] <= time) reached++;
      if (reached > next) {
        for (let i = Math.max(next, reached - MOST_AT_ONCE); i < reached; i++) this.#fix(id, line, i);
        line.next = reached;
        line.before = this.#place(slot);
        fixed.push(slot);
      }
      if (this.#between(slot, line, time) || reached > next) moved.push(slot);
    }
    return { moved, fixed };
  }

  /** @param {number} id @param {Fixes} line @param {number} i */
  #fix(id, { time, lat, lon, speed, heading }, i) {
    const item = [id, time[i], lat[i], lon[i], speed[i], heading[i], null, null, null, null, null];
    const slot = this.#store.slot(id);
    const [battery, ignition] = [this.#store.battery[slot], this.#store.ignition[slot]];
    this.#store.apply({ type: "positions", items: [item] });
    this.#store.battery[slot] = battery; // as last heard: tracks do not say
    this.#store.ignition[slot] = ignition;
  }

  /** @param {number} slot @param {Fixes & { next: number, before: number[] }} line @param {number} time @returns {boolean} whether it is on its way */
  #between(slot, line, time) {
    const [begin, lat, lon, heading] = line.before;
    const end = line.time[line.next];
    const store = this.#store;
    if (end === undefined || Number.isNaN(begin)) return false;
    if (end - begin > 1000 * HOLE * (store.interval[slot] || DEFAULT_INTERVAL_S)) return false;
    const share = Math.min(1, Math.max(0, (time - begin) / (end - begin)));
    const [north, east] = [line.lat[line.next] - lat, turn(line.lon[line.next] - lon)];
    if (north === 0 && east === 0) return false;
    store.lat[slot] = lat + north * share;
    store.lon[slot] = ((((lon + east * share + 180) % 360) + 360) % 360) - 180;
    const goal = line.heading[line.next];
    if (goal !== null && !Number.isNaN(heading))
      store.heading[slot] = (heading + turn(goal - heading) * share + 360) % 360;
    return true;
  }
}

/** The short way. @param {number} degrees */
const turn = (degrees) => ((((degrees + 180) % 360) + 360) % 360) - 180;
