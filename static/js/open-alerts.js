// @ts-check
// How many alerts of a vehicle are open. Pure.

/**
 * The open alerts of a vehicle. A snapshot counts them without naming them, frames name them;
 * a frame about an alert that the snapshot has counted must not count twice.
 */
export class OpenAlerts {
  #unnamed = 0;
  #asOf = Number.NEGATIVE_INFINITY;
  /** @type {Set<number>} */
  #open = new Set();

  get count() {
    return this.#unnamed + this.#open.size;
  }

  /** @param {number} count @param {number} asOf when the server counted */
  counted(count, asOf) {
    this.#open.clear();
    this.#unnamed = count;
    this.#asOf = asOf;
  }

  /** @param {{ id: number, status: string, received: string }} alert */
  take(alert) {
    const known = this.#open.delete(alert.id);
    const counted = !known && this.#unnamed > 0 && Date.parse(alert.received) <= this.#asOf;
    if (counted) this.#unnamed--;
    if (alert.status === "open") this.#open.add(alert.id);
  }
}
