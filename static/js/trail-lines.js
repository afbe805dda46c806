// @ts-check
// Trails on the map: of the selected vehicle, and of all while there are few.

import { lines } from "./past.js";
import { AHEAD_MS, TrailHistory, Trails } from "./trails.js";

const STEP_MS = 120; // between two pictures of a line that follows its gliding marker
const FEW_STEP_MS = 1000;
const DEFAULT_INTERVAL_S = 60;
const HOLE = 3; // intervals

/** @typedef {[number, number]} Point longitude, latitude */

/** One source of lines; a picture that is being made is waited for. */
class Line {
  #busy = false;
  #empty = true;
  at = 0;

  /** @param {any} map @param {string} source */
  constructor(map, source) {
    this.map = map;
    this.source = source;
  }

  /** @param {Point[][]} coordinates */
  async set(coordinates) {
    if (this.#busy || (this.#empty && !coordinates.length)) return;
    this.#busy = true;
    this.#empty = !coordinates.length;
    this.at = performance.now();
    const geometry = { type: "MultiLineString", coordinates };
    try {
      // No style: the graphics card was lost and is not back yet.
      await this.map.style?.getSource(this.source)?.setData({ type: "Feature", properties: {}, geometry });
    } finally {
      this.#busy = false;
    }
  }

  /** The source is a new one. */
  forget() {
    this.#empty = true;
    this.#busy = false;
  }
}

export class TrailLines {
  #trails = new Trails();
  #history;
  #store;
  #parts;
  #selected = -1;
  #lines;
  /** @type {Point[][]} in WGS 84 */
  #past = [];

  /**
   * @param {any} map @param {import("./store.js").Store} store
   * @param {object} parts
   * @param {string} parts.track address of a vehicle's track, with 0 for its id; "" for none
   * @param {(lon: number, lat: number) => Point} parts.place where a position is drawn
   * @param {(slot: number) => Point} parts.tip where the marker is drawn just now
   */
  constructor(map, store, parts) {
    this.#store = store;
    this.#parts = parts;
    this.#lines = { past: new Line(map, "past"), all: new Line(map, "trails"), one: new Line(map, "trail") };
    this.#history = new TrailHistory(
      (id) => parts.track.replace("/0/", `/${id}/`),
      (id, fixes) => store.slot(id) >= 0 && this.#trails.merge(store.slot(id), fixes),
    );
  }

  /** @param {number[]} slots */
  add(slots) {
    this.#trails.add(this.#store, slots);
  }

  /** @param {number} slot */
  forget(slot) {
    this.#trails.forget(slot);
  }

  /** The picture is a fresh one: what happened before it is in the archive. */
  reset() {
    this.#history.reset();
  }

  /** Another time is shown: nothing of what was seen before, and nothing of later. @param {boolean} past */
  begin(past) {
    this.#trails.clear();
    this.#history.reset();
    this.#history.ahead = past ? 0 : AHEAD_MS;
  }

  /** @param {number} selected -1 for none @param {number[]} few slots in view when there are few @param {number} now server time */
  draw(selected, few, now) {
    this.#selected = selected;
    const wanted = [selected, ...few].filter((slot) => slot >= 0);
    if (this.#parts.track)
      this.#history.want(
        wanted.map((slot) => this.#store.vehicle(slot)?.id ?? 0),
        now,
      );
    this.#lines.one.set(this.#line(selected));
    if (performance.now() - this.#lines.all.at < FEW_STEP_MS && few.length) return;
    this.#lines.all.set(few.filter((slot) => slot !== selected).flatMap((slot) => this.#line(slot)));
  }

  /** Nobody wants to see them. */
  clear() {
    this.#selected = -1;
    this.#lines.one.set([]);
    this.#lines.all.set([]);
    this.#lines.past.set([]);
  }

  /** The selected one's line keeps to its marker. @param {boolean} gliding */
  glide(gliding) {
    if (gliding && this.#selected >= 0 && performance.now() - this.#lines.one.at > STEP_MS)
      this.#lines.one.set(this.#line(this.#selected));
  }

  /** @param {number} slot */
  #line(slot) {
    if (slot < 0) return [];
    const gap = HOLE * 1000 * (this.#store.interval[slot] || DEFAULT_INTERVAL_S);
    return this.#trails
      .lines(slot, [Number.NaN, Number.NaN], gap)
      .map((line) =>
        line.map(([lon, lat]) => (Number.isNaN(lon) ? this.#parts.tip(slot) : this.#parts.place(lon, lat))),
      );
  }

  /** Where a vehicle was before this page watched it. @param {number} slot @param {any} track GeoJSON, or null */
  past(slot, track) {
    this.#past = track ? lines(track, this.#trails.begin(slot)) : [];
    this.#drawPast();
  }

  #drawPast() {
    this.#lines.past.set(this.#past.map((line) => line.map(([lon, lat]) => this.#parts.place(lon, lat))));
  }

  /** Another style has come: its sources are empty. */
  restore() {
    for (const line of Object.values(this.#lines)) line.forget();
    this.#drawPast();
  }
}
