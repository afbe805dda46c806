// @ts-check
// How fast the driver goes, and what the page may ask of them then. Pure.

export const FAST_MS = 10 / 3.6; // above it only answers, stop and SOS
export const STILL_MS = 1; // below it a driver may write
export const CALM_S = 3; // so long it must be slower before the page asks for more
export const UNKNOWN_S = 120; // a tunnel: after that nobody knows
const EARTH_M = 6_371_008.8;

/** @typedef {"still" | "slow" | "fast"} Pace */
/** @typedef {{ time: number, latitude: number, longitude: number, speed: number | null, accuracy: number | null }} Where time in ms, speed in m/s */

/** Metres between two places; the error of the flat formula is below 0.1 % for what a vehicle drives in a minute. @param {Where} a @param {Where} b */
export function metres(a, b) {
  const radians = Math.PI / 180;
  const x = (b.longitude - a.longitude) * radians * Math.cos(((a.latitude + b.latitude) / 2) * radians);
  return EARTH_M * Math.hypot(x, (b.latitude - a.latitude) * radians);
}

/** The speed a phone tells, or that of the way since the fix before beyond what its accuracy explains. @param {Where | null} before @param {Where} fix @returns {number | null} */
export function speedOf(before, fix) {
  if (fix.speed !== null && fix.speed >= 0) return fix.speed;
  const seconds = before ? (fix.time - before.time) / 1000 : 0;
  if (!before || seconds <= 0 || seconds > UNKNOWN_S) return null;
  const blur = Math.max(fix.accuracy ?? 0, before.accuracy ?? 0);
  return Math.max(0, metres(before, fix) - blur) / seconds;
}

export class Speedometer {
  /** @type {Where | null} */
  #last = null;
  /** @type {Pace} */
  #pace = "slow"; // until something is known nobody is asked to write
  #calmSince = Number.NaN;

  /** @param {Where} fix @returns {Pace} */
  take(fix) {
    const speed = speedOf(this.#last, fix);
    this.#last = fix;
    if (speed === null) return this.#pace;
    const now = /** @type {Pace} */ (speed > FAST_MS ? "fast" : speed < STILL_MS ? "still" : "slow");
    const rank = { still: 0, slow: 1, fast: 2 };
    if (rank[now] >= rank[this.#pace]) {
      this.#pace = now; // faster: at once
      this.#calmSince = Number.NaN;
    } else {
      if (Number.isNaN(this.#calmSince)) this.#calmSince = fix.time;
      if (fix.time - this.#calmSince >= 1000 * CALM_S) {
        this.#pace = now;
        this.#calmSince = Number.NaN;
      }
    }
    return this.#pace;
  }

  /** @param {number} now ms @returns {Pace} */
  at(now) {
    const lost = this.#last !== null && now - this.#last.time > 1000 * UNKNOWN_S;
    return lost && this.#pace === "fast" ? "slow" : this.#pace;
  }
}
