// @ts-check
// Where each marker is between its fixes, on the Mercator square (0 to 1, y down). Pure.

export const GLIDE_MS = 1000;
const LEAST_PIXELS = 0.5;

const LIMIT_DEG = 85.051129; // where the square ends

/** @param {number} lon @param {number} lat @returns {[number, number]} */
export function mercator(lon, lat) {
  return [(lon + 180) / 360, mercatorY(lat)];
}

/** @param {number} lat beyond the square: its edge */
export function mercatorY(lat) {
  const sine = Math.sin((Math.min(LIMIT_DEG, Math.max(-LIMIT_DEG, lat)) * Math.PI) / 180);
  return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
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
    this.#move(slot, (lon + 180) / 360, mercatorY(lat), heading, now, lasts, world);
  }

  /**
   * The same for many, without garbage.
   * @param {number[]} slots
   * @param {{ lon: Float64Array, lat: Float64Array, heading: Float64Array, lasts: Float64Array }} to by slot
   * @param {number} now @param {number} world
   */
  moveAll(slots, to, now, world) {
    const { lon, lat, heading, lasts } = to;
    this.reserve(lon.length);
    for (const slot of slots)
      this.#move(slot, (lon[slot] + 180) / 360, mercatorY(lat[slot]), heading[slot], now, lasts[slot], world);
  }

  /**
   * @param {number} slot @param {number} x @param {number} y @param {number} heading
   * @param {number} now @param {number} lasts @param {number} world
   */
  #move(slot, x, y, heading, now, lasts, world) {
    const known = Number.isFinite(this.toX[slot]);
    const k = this.progress(slot, now);
    let fromX = known ? this.fromX[slot] + (this.toX[slot] - this.fromX[slot]) * k : x;
    const fromY = known ? this.fromY[slot] + (this.toY[slot] - this.fromY[slot]) * k : y;
    fromX += Math.round(x - fromX); // over the 180th meridian, not around the Earth
    const facing = known ? (this.fromHeading[slot] + this.turn[slot] * k) % 360 : heading;
    const far = (x - fromX) ** 2 + (y - fromY) ** 2 > (LEAST_PIXELS / world) ** 2;
    const glides = known && far && lasts > 0;
    const goal = Number.isNaN(heading) ? (Number.isNaN(facing) ? 0 : facing) : heading;
    this.fromX[slot] = glides ? fromX : x;
    this.fromY[slot] = glides ? fromY : y;
    this.toX[slot] = x;
    this.toY[slot] = y;
    this.begin[slot] = now;
    this.lasts[slot] = glides ? lasts : 0;
    this.fromHeading[slot] = glides && !Number.isNaN(facing) ? facing : goal;
    this.turn[slot] = glides ? ((goal - this.fromHeading[slot] + 540) % 360) - 180 : 0;
    if (glides) this.end = Math.max(this.end, now + lasts);
  }

  /** @param {number} slot */
  forget(slot) {
    this.reserve(slot + 1);
    this.toX[slot] = Number.NaN;
    this.toY[slot] = Number.NaN;
  }
}
