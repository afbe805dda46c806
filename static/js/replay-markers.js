// @ts-check
// The vehicles of a replay as the live map draws them: a store of their own, filled from their tracks.

import { COLOUR_NAMES } from "./palette.js";
import { MOVING, MOVING_MS, NEVER, OFFLINE, STOPPED } from "./states.js";
import { Store } from "./store.js";

/** @typedef {import("./track.js").Track} Track */

export class Markers {
  store = new Store(16);
  /** @type {Track[]} */
  #tracks = [];

  /** @param {Track[]} tracks */
  load(tracks) {
    this.#tracks = tracks;
    const vehicles = tracks.map(({ answer: { vehicle } }, index) => ({
      ...vehicle,
      colour: tracks.length > 1 ? COLOUR_NAMES[index % COLOUR_NAMES.length] : vehicle.colour,
    }));
    this.store.apply({ type: "snapshot", vehicles });
  }

  /** @param {number} id */
  slot(id) {
    return this.store.slot(id);
  }

  /**
   * Put every vehicle where it was.
   * @param {number} time milliseconds
   * @returns {import("./scene.js").Arranged} those that have a place by then
   */
  at(time) {
    const { store } = this;
    const states = new Uint8Array(store.length).fill(NEVER);
    const slots = [];
    for (const track of this.#tracks) {
      const slot = store.slot(track.id);
      const place = Number.isNaN(time) ? null : track.at(time);
      store.time[slot] = place ? track.time[place.index] : Number.NaN;
      if (!place) continue;
      store.lat[slot] = place.lat;
      store.lon[slot] = place.lon;
      store.heading[slot] = place.heading;
      store.speed[slot] = place.speed;
      states[slot] = place.silent ? OFFLINE : place.speed >= MOVING_MS ? MOVING : STOPPED;
      slots.push(slot);
    }
    return { slots, dimmed: [], states };
  }
}
