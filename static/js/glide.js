// @ts-check
// Where each marker is between its fixes, on the Mercator square (0 to 1, y down). Pure.

export const GLIDE_MS = 1000;
const LEAST_PIXELS = 0.5;

/** @param {number} lon @param {number} lat @returns {[number, number]} */
export function mercator(lon, lat) {
  const sine = Math.sin((lat * Math.PI) / 180);
  return [(lon + 180) / 360, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)];
}

/** @param {number} x @param {number} y @returns {[number, number]} longitude, latitude */
export function unmercator(x, y) {
  return [x * 360 - 180, (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI];
}

/**
 * How long to glide to a fix: at most a second, never longer than the fixes are apart, and
 * not at all over a gap of which nobody knows the way.
 * @param {number} gap ms since the fix before; NaN for the first
 * @param {number} interval seconds to expect
 */
export function duration(gap, interval) {
  if (!(gap > 0) || gap > 3000 * interval) return 0;
  return Math.min(GLIDE_MS, gap);
}

export class Glide {
  fromX = new Float64Array();
  fromY = new Float64Array();
  toX = new Float64Array();
  toY = new Float64Array();
  begin = new Float64Array();
  lasts = new Float64Array();
  fromHeading = new Float64Array(); // degrees
  turn = new Float64Array(); // degrees from there, the short way
  /** When the last glide ends. */
  end = 0;

  /** @param {number} slots */
  reserve(slots) {
    if (slots <= this.toX.length) return;
    for (const name of /** @type {const} */ ([
      "fromX",
      "fromY",
      "toX",
      "toY",
      "begin",
      "lasts",
      "fromHeading",
      "turn",
    ])) {
      const grown = new Float64Array(2 * slots).fill(Number.NaN);
      grown.set(this[name]);
      this[name] = grown;
    }
  }

  /** 0 to 1. @param {number} slot @param {number} now */
  progress(slot, now) {
    const lasts = this.lasts[slot];
    return lasts > 0 ? Math.min(1, Math.max(0, (now - this.begin[slot]) / lasts)) : 1;
  }

  /** @param {number} slot @param {number} now @returns {[number, number]} */
  at(slot, now) {
    const k = this.progress(slot, now);
    return [
      this.fromX[slot] + (this.toX[slot] - this.fromX[slot]) * k,
      this.fromY[slot] + (this.toY[slot] - this.fromY[slot]) * k,
    ];
  }

  /**
   * @param {number} slot
   * @param {{ lon: number, lat: number, heading: number, now: number, lasts: number, world: number }} to
   *   world: the pixels of the whole Earth; a glide that nobody can see is none
   */
  move(slot, { lon, lat, heading, now, lasts, world }) {
    this.reserve(slot + 1);
    const [x, y] = mercator(lon, lat);
    const known = Number.isFinite(this.toX[slot]);
    const [fromX, fromY] = known ? this.at(slot, now) : [x, y];
    const facing = known
      ? (this.fromHeading[slot] + this.turn[slot] * this.progress(slot, now)) % 360
      : heading;
    const seen = Math.hypot(x - fromX, y - fromY) * world > LEAST_PIXELS;
    const glides = known && seen && lasts > 0;
    const goal = Number.isFinite(heading) ? heading : Number.isFinite(facing) ? facing : 0;
    this.fromX[slot] = glides ? fromX : x;
    this.fromY[slot] = glides ? fromY : y;
    this.toX[slot] = x;
    this.toY[slot] = y;
    this.begin[slot] = now;
    this.lasts[slot] = glides ? lasts : 0;
    this.fromHeading[slot] = glides && Number.isFinite(facing) ? facing : goal;
    this.turn[slot] = ((goal - this.fromHeading[slot] + 540) % 360) - 180;
    if (!glides) {
      this.fromHeading[slot] = goal;
      this.turn[slot] = 0;
    } else this.end = Math.max(this.end, now + lasts);
  }

  /** @param {number} slot */
  forget(slot) {
    this.reserve(slot + 1);
    this.toX[slot] = Number.NaN;
    this.toY[slot] = Number.NaN;
  }
}
