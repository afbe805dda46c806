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

/** @param {number} begin @param {number} lasts @param {number} now */
const progress = (begin, lasts, now) => (lasts > 0 ? Math.min(1, Math.max(0, (now - begin) / lasts)) : 1);

/** The same turn the short way. @param {number} degrees */
const shortly = (degrees) => degrees - 360 * Math.round(degrees / 360);

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
    return progress(this.begin[slot], this.lasts[slot], now);
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
   * @param {number[]} slots
   * @param {{ lon: Float64Array, lat: Float64Array, heading: Float64Array, lasts: Float64Array }} to by slot
   * @param {number} now @param {number} world the pixels of the whole Earth; a glide that nobody can see is none
   */
  move(slots, { lon, lat, heading, lasts: wanted }, now, world) {
    this.reserve(lon.length);
    const { fromX, fromY, toX, toY, begin, lasts, fromHeading, turn } = this;
    const least = (LEAST_PIXELS / world) ** 2;
    for (const slot of slots) {
      const [x, y] = [(lon[slot] + 180) / 360, mercatorY(lat[slot])];
      const known = !Number.isNaN(toX[slot]);
      const k = progress(begin[slot], lasts[slot], now);
      const facing = known ? fromHeading[slot] + turn[slot] * k : heading[slot];
      const goal = Number.isNaN(heading[slot]) ? facing || 0 : heading[slot];
      let [startX, startY] = [x, y];
      if (known && wanted[slot] > 0) {
        startX = fromX[slot] + (toX[slot] - fromX[slot]) * k;
        startX += Math.round(x - startX); // over the 180th meridian, not around the Earth
        startY = fromY[slot] + (toY[slot] - fromY[slot]) * k;
      }
      const glides = (x - startX) ** 2 + (y - startY) ** 2 > least;
      fromX[slot] = glides ? startX : x;
      fromY[slot] = glides ? startY : y;
      [toX[slot], toY[slot]] = [x, y];
      begin[slot] = now;
      lasts[slot] = glides ? wanted[slot] : 0;
      fromHeading[slot] = glides && !Number.isNaN(facing) ? facing % 360 : goal;
      turn[slot] = glides ? shortly(goal - fromHeading[slot]) : 0;
      if (glides && now + wanted[slot] > this.end) this.end = now + wanted[slot];
    }
  }

  /** @param {number} slot */
  forget(slot) {
    this.reserve(slot + 1);
    this.toX[slot] = Number.NaN;
    this.toY[slot] = Number.NaN;
  }
}
