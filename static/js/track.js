// @ts-check
// One vehicle's track as the server answers it: where it was at any time, and the lines to draw. Pure.

import { metres } from "./geo.js";
import { joined } from "./replay-clock.js";

/** A stop or a silence longer than this is left out of a replay. */
export const LONG_MS = 2 * 60_000;

/** @typedef {import("./replay-clock.js").Interval} Interval */
/** @typedef {{ from: number, to: number | null, lat: number, lon: number }} Stop to: null when it stands there still */
/** @typedef {"speed" | "altitude" | "battery"} Quantity */
/**
 * @typedef {object} Place where the vehicle was; numbers are NaN when unknown
 * @property {number} index of the last fix before @property {number} lat @property {number} lon
 * @property {number} speed metres/second @property {number} heading degrees
 * @property {boolean} silent nobody knows where it really was
 */

const FIELDS = /** @type {const} */ (["time", "lat", "lon", "speed", "heading", "altitude", "battery"]);

export class Track {
  time = new Float64Array();
  lat = new Float64Array();
  lon = new Float64Array();
  speed = new Float64Array();
  heading = new Float64Array();
  altitude = new Float64Array();
  battery = new Float64Array();
  /** Index of each segment's first fix; between segments nobody knows the way. @type {number[]} */
  starts = [];

  /** @param {any} answer of `/api/vehicles/<id>/history` */
  constructor(answer) {
    this.answer = answer;
    const { segments = [], gaps = [], stops = [] } = answer;
    const length = segments.reduce(
      (/** @type {number} */ sum, /** @type {any} */ s) => sum + s.time.length,
      0,
    );
    for (const field of FIELDS) this[field] = new Float64Array(length).fill(Number.NaN);
    let at = 0;
    for (const segment of segments) {
      this.starts.push(at);
      for (let i = 0; i < segment.time.length; i++, at++)
        for (const field of FIELDS) {
          const value = segment[field]?.[i];
          if (typeof value === "number") this[field][at] = value;
        }
    }
    /** @type {Interval[]} */
    this.gaps = gaps;
    /** @type {Stop[]} */
    this.stops = stops;
  }

  get id() {
    return this.answer.vehicle.id;
  }

  get length() {
    return this.time.length;
  }

  get first() {
    return this.time[0] ?? Number.NaN;
  }

  get last() {
    return this.time[this.length - 1] ?? Number.NaN;
  }

  /** Index of the last fix up to a time; -1 before the first. @param {number} time */
  before(time) {
    let [low, high] = [0, this.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.time[middle] <= time) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Index of the fix nearest in time; -1 of an empty track. @param {number} time */
  nearest(time) {
    const index = this.before(time);
    if (index < 0) return this.length ? 0 : -1;
    return this.time[index + 1] - time < time - this.time[index] ? index + 1 : index;
  }

  /** Whether no way is known from this fix to the next. @param {number} index */
  ends(index) {
    return index + 1 >= this.length || this.starts.includes(index + 1);
  }

  /** Where it was, between two fixes on the straight line; null before the first. @param {number} time @returns {Place | null} */
  at(time) {
    const index = this.before(time);
    if (index < 0) return null;
    const [begin, heading] = [this.time[index], this.heading[index]];
    const [lat, lon, speed] = [this.lat[index], this.lon[index], this.speed[index]];
    if (this.ends(index)) return { index, lat, lon, speed, heading, silent: time > begin };
    const share = (time - begin) / (this.time[index + 1] - begin);
    const next = this.speed[index + 1];
    return {
      index,
      lat: lat + (this.lat[index + 1] - lat) * share,
      lon: wrapped(lon + turn(this.lon[index + 1] - lon) * share),
      speed: Number.isNaN(next) ? speed : speed + (next - speed) * share,
      heading: Number.isNaN(this.heading[index + 1])
        ? heading
        : (heading + turn(this.heading[index + 1] - heading) * share + 360) % 360,
      silent: false,
    };
  }

  /** How fast it came to a fix: as it said, else by the way. @param {number} index of the fix @returns {number} metres/second */
  pace(index) {
    if (!Number.isNaN(this.speed[index])) return this.speed[index];
    if (index === 0 || this.starts.includes(index)) return Number.NaN;
    const way = metres(this.lat[index - 1], this.lon[index - 1], this.lat[index], this.lon[index]);
    return way / Math.max(0.001, (this.time[index] - this.time[index - 1]) / 1000);
  }

  /**
   * The way in pieces of one colour each.
   * @param {number[]} bounds rising speeds, metres/second
   * @returns {{ bin: number, line: [number, number][] }[]} bin: how many bounds the speed is above; -1 unknown
   */
  pieces(bounds) {
    const pieces = [];
    const starts = new Set(this.starts);
    /** @type {{ bin: number, line: [number, number][] } | null} */
    let piece = null;
    let lon = Number.NaN;
    for (let i = 0; i < this.length; i++) {
      lon = starts.has(i) ? this.lon[i] : lon + turn(this.lon[i] - lon); // on over the 180th meridian
      if (starts.has(i)) {
        piece = null;
        continue;
      }
      const bin = binOf(this.pace(i), bounds);
      if (piece?.bin !== bin) {
        const from = /** @type {[number, number]} */ (
          piece?.line.at(-1) ?? [this.lon[i - 1], this.lat[i - 1]]
        );
        piece = { bin, line: [from] };
        pieces.push(piece);
      }
      piece.line.push([lon, this.lat[i]]);
    }
    return pieces;
  }

  /** Straight hints over the silences. @returns {[number, number][][]} */
  hints() {
    return this.starts.slice(1).map((start) => {
      const lon = this.lon[start - 1];
      return [
        [lon, this.lat[start - 1]],
        [lon + turn(this.lon[start] - lon), this.lat[start]],
      ];
    });
  }

  /** When nothing is to be seen: it stands, is silent, or has no fixes yet or any more. @returns {Interval[]} */
  quiet() {
    if (!this.length) return [[Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]];
    return joined([
      [Number.NEGATIVE_INFINITY, this.first],
      ...this.gaps,
      ...this.stops.map(({ from, to }) => /** @type {Interval} */ ([from, to ?? this.last])),
      [this.last, Number.POSITIVE_INFINITY],
    ]);
  }
}

/** @param {number} speed @param {number[]} bounds rising */
function binOf(speed, bounds) {
  if (Number.isNaN(speed)) return -1;
  const above = bounds.findIndex((bound) => speed < bound);
  return above < 0 ? bounds.length : above;
}

/** An angle the short way. @param {number} degrees @returns {number} -180 to 180 */
function turn(degrees) {
  return ((((degrees + 180) % 360) + 360) % 360) - 180;
}

/** @param {number} lon */
const wrapped = (lon) => (lon > 180 ? lon - 360 : lon < -180 ? lon + 360 : lon);

/** The next fix of any of them after a time, or the last before. @param {Track[]} tracks @param {number} time @param {1 | -1} by */
export function step(tracks, time, by) {
  let best = Number.NaN;
  for (const track of tracks) {
    const index = track.before(by > 0 ? time : time - 1) + (by > 0 ? 1 : 0);
    const found = track.time[index];
    if (found !== undefined && !(by > 0 ? found >= best : found <= best)) best = found;
  }
  return best;
}
