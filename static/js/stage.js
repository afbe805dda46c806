// @ts-check
// The vehicles that the live page shows: as they are, or as they were at another time. A vehicle keeps its
// slot in both, so that whoever holds slots need not know which it is.

/** @typedef {import("./store.js").Store} Store */

const SHOWN = /** @type {const} */ ([
  "time",
  "lat",
  "lon",
  "speed",
  "heading",
  "battery",
  "accuracy",
  "received",
  "interval",
  "silentMoving",
  "silentStopped",
  "ignition",
  "online",
  "opened",
  "fleet",
  "fleets",
  "length",
  "size",
  "complete",
  "version",
  "described",
]); // prettier-ignore

/** Reads as a Store does; frames go to the store itself. */
export class Stage {
  #live;
  /** @type {Store | null} */
  #past = null;

  /** @param {Store} live */
  constructor(live) {
    this.#live = live;
  }

  /** What is shown now. */
  get store() {
    return this.#past ?? this.#live;
  }

  get past() {
    return this.#past;
  }

  /** Show another time; null: as it is. @param {Store | null} past made by the live store's `likeness` */
  show(past) {
    this.#past = past;
  }

  /** @param {number} id */
  slot(id) {
    return this.store.slot(id);
  }

  /** @param {number} slot */
  vehicle(slot) {
    return this.store.vehicle(slot);
  }

  slots() {
    return this.store.slots();
  }

  /** @param {number} slot */
  alerts(slot) {
    return this.store.alerts(slot);
  }

  /** @param {number} slot @param {number} now */
  state(slot, now) {
    return this.store.state(slot, now);
  }

  /** @param {number} now */
  states(now) {
    return this.store.states(now);
  }

  /** @param {number} slot @param {number} now */
  stale(slot, now) {
    return this.store.stale(slot, now);
  }

  /**
   * Tell the past who came, went or was renamed: both keep the same slots. Positions and alerts stay as of then.
   * @param {any} frame of the socket
   */
  keepUp(frame) {
    const named = ({ id, uid, name, plate, driver, phone, tags, icon, colour, fleet }) => ({
      id,
      uid,
      name,
      plate,
      driver,
      phone,
      tags,
      icon,
      colour,
      fleet,
    }); // prettier-ignore
    const { past } = this;
    if (!past) return;
    if (frame.type === "vehicle") past.apply(frame.removed ? frame : { type: "vehicle", ...named(frame) });
    if (frame.type === "snapshot") past.apply({ ...frame, vehicles: frame.vehicles.map(named) });
  }
}

for (const name of SHOWN)
  Object.defineProperty(Stage.prototype, name, {
    get() {
      return this.store[name];
    },
  });
