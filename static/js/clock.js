// @ts-check
// The server's clock, as well as a browser can know it.

/**
 * A frame says when it was sent and arrives a little later, never earlier: the largest
 * difference seen is the nearest to the truth.
 */
export class Clock {
  #local;
  #offset = Number.NEGATIVE_INFINITY;

  /** @param {() => number} local milliseconds since the epoch on this machine */
  constructor(local = Date.now) {
    this.#local = local;
  }

  /** @param {string | undefined} sent ISO time of a frame @param {boolean} [anew] forget what was known */
  heard(sent, anew = false) {
    const offset = Date.parse(sent ?? "") - this.#local();
    if (Number.isNaN(offset)) return;
    this.#offset = anew ? offset : Math.max(this.#offset, offset);
  }

  /** Milliseconds since the epoch on the server; this machine's own clock until it has spoken. */
  now() {
    return this.#local() + (Number.isFinite(this.#offset) ? this.#offset : 0);
  }
}

/** The median delay from arrival at the server to the screen over the last ten seconds. */
export class Delay {
  static WINDOW_MS = 10_000;
  /** @type {[number, number][]} */
  #seen = [];

  /** @param {number} now @param {number} received when the server had it; same clock as now */
  add(now, received) {
    if (Number.isFinite(received)) this.#seen.push([now, Math.max(0, now - received)]);
  }

  /** @param {number} now @returns {number | null} milliseconds; null when nothing came */
  median(now) {
    this.#seen = this.#seen.filter(([at]) => now - at <= Delay.WINDOW_MS);
    if (!this.#seen.length) return null;
    const delays = this.#seen.map(([, delay]) => delay).sort((a, b) => a - b);
    return delays[delays.length >> 1];
  }
}
