// @ts-check
// Where each vehicle came from in the last minutes: what this page saw, and what the archive knows of before.

import { stretches } from "./past.js";

export const TRAIL_MS = 10 * 60_000;
const POINTS = 240;
const MOST_VEHICLES = 2000; // a larger fleet keeps none: memory
export const AHEAD_MS = 60_000;
const WAIT_MS = 1500; // between two questions to the archive

/** @typedef {{ time: number, lon: number, lat: number }} Fix */
/** @typedef {[number, number]} Point longitude, latitude */

export class Trails {
  /** @type {Map<number, Fix[]>} */
  #trails = new Map();

  /** @param {import("./store.js").Store} store @param {number[]} slots */
  add(store, slots) {
    if (store.size > MOST_VEHICLES) return;
    for (const slot of slots) {
      if (Number.isNaN(store.time[slot])) continue;
      const trail = this.#trails.get(slot) ?? [];
      trail.push({ time: store.time[slot], lon: store.lon[slot], lat: store.lat[slot] });
      if (trail.length > POINTS) trail.shift();
      this.#trails.set(slot, trail);
    }
  }

  /** What the archive knows; what is there already stays. @param {number} slot @param {Fix[]} fixes */
  merge(slot, fixes) {
    const all = new Map(fixes.map((fix) => [fix.time, fix]));
    for (const fix of this.#trails.get(slot) ?? []) all.set(fix.time, fix);
    const sorted = [...all.values()].sort((a, b) => a.time - b.time);
    this.#trails.set(slot, sorted.slice(-POINTS));
  }

  /**
   * Lines of the last minutes up to where the marker is just now; cut where nobody knows the way.
   * @param {number} slot @param {Point} tip longitude, latitude @param {number} gap milliseconds between fixes that are a hole
   * @returns {Point[][]}
   */
  lines(slot, tip, gap) {
    const trail = this.#trails.get(slot) ?? [];
    const last = trail.at(-1);
    if (!last) return [];
    /** @type {Point[][]} */
    const lines = [[]];
    let before = Number.NaN;
    for (const { time, lon, lat } of trail) {
      if (time < last.time - TRAIL_MS) continue;
      if (time - before > gap) lines.push([]);
      lines.at(-1)?.push(time === last.time ? tip : [lon, lat]);
      before = time;
    }
    return lines.filter((line) => line.length > 1);
  }

  /** When watching began, milliseconds. @param {number} slot */
  begin(slot) {
    return this.#trails.get(slot)?.[0]?.time ?? Number.POSITIVE_INFINITY;
  }

  /** @param {number} slot */
  forget(slot) {
    this.#trails.delete(slot);
  }

  /** All of them: what comes now is of another time. */
  clear() {
    this.#trails.clear();
  }
}

/** Fixes of a track in GeoJSON. @param {any} collection @returns {Fix[]} */
export const fixes = (collection) => stretches(collection).flat();

/** Asks the archive for trails, one after the other; again after the connection was gone. */
export class TrailHistory {
  /** @type {Set<number>} vehicles that were asked for */
  #asked = new Set();
  /** @type {number[]} vehicles */
  #waiting = [];
  #busy = false;
  /** Raised by a reset: an answer to a question before it is of another picture. */
  #round = 0;
  /** How far beyond now to ask: clocks of vehicles may run ahead. */
  ahead = AHEAD_MS;

  /**
   * @param {(id: number) => string} address of a vehicle's track as GeoJSON
   * @param {(id: number, fixes: Fix[]) => void} found
   */
  constructor(address, found) {
    this.address = address;
    this.found = found;
  }

  /** A new picture came: what was asked before may have a hole. */
  reset() {
    this.#asked.clear();
    this.#round++;
  }

  /** @param {number[]} ids vehicles whose trail is wanted, most wanted first @param {number} now server time */
  want(ids, now) {
    this.#waiting = ids.filter((id) => !this.#asked.has(id));
    if (!this.#busy && this.#waiting.length) this.#ask(now);
  }

  /** @param {number} now */
  async #ask(now) {
    this.#busy = true;
    const id = /** @type {number} */ (this.#waiting.shift());
    const round = this.#round;
    this.#asked.add(id);
    const [from, to] = [now - TRAIL_MS, now + this.ahead].map((ms) => new Date(ms).toISOString());
    try {
      const response = await fetch(`${this.address(id)}?${new URLSearchParams({ from, to })}`);
      const found = response.ok ? fixes(await response.json()) : null;
      if (found && round === this.#round) this.found(id, found);
      else if (response.status === 429) this.#asked.delete(id);
    } catch {
      this.#asked.delete(id); // a trail is not worth an error: asked again later
    }
    setTimeout(
      () => {
        this.#busy = false;
      },
      this.#waiting.length ? WAIT_MS / 10 : WAIT_MS,
    );
  }
}
