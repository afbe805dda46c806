// @ts-check
// The last hour of the vehicle whose drawer is open: its trail on the map, its speed in the drawer.

import { lastHour } from "./past.js";
import { draw, samples } from "./sparkline.js";

const REDRAW_MS = 5000;
const MOST = 4000; // samples: an hour of one a second

/** @typedef {import("./sparkline.js").Sample} Sample */

export class LookBack {
  #address;
  #now;
  #onTrack;
  #id = -1;
  #round = 0;
  /** @type {Sample[] | null} in time order; null until the archive has answered */
  #samples = null;

  /**
   * @param {(id: number) => string} address of a vehicle's trail
   * @param {() => number} now
   * @param {(id: number, track: any) => void} onTrack GeoJSON of the last hour
   */
  constructor(address, now, onTrack) {
    this.#address = address;
    this.#now = now;
    this.#onTrack = onTrack;
    document.addEventListener("htmx:after:settle", () => this.#draw());
    setInterval(() => document.visibilityState === "visible" && this.#draw(), REDRAW_MS);
  }

  /** @param {number} id -1: of nobody */
  async of(id) {
    if (id !== this.#id) this.#samples = null;
    this.#id = id;
    const round = ++this.#round;
    if (id < 0) return;
    const track = await lastHour(this.#address(id), this.#now());
    if (!track || round !== this.#round) return;
    const known = this.#samples ?? [];
    const archived = samples(track);
    const newest = archived.at(-1)?.time ?? 0;
    this.#samples = [...archived, ...known.filter(({ time }) => time > newest)];
    this.#onTrack(id, track);
    this.#draw();
  }

  /** Another fix of the vehicle. @param {number} id @param {Sample} sample */
  add(id, sample) {
    if (id !== this.#id || !Number.isFinite(sample.speed)) return;
    this.#samples?.push(sample);
    if (this.#samples && this.#samples.length > MOST) this.#samples.shift();
  }

  again() {
    return this.of(this.#id);
  }

  /** Another time is shown: what was known is not of its hour. */
  anew() {
    this.#samples = null;
    this.#onTrack(this.#id, null);
    return this.again();
  }

  #draw() {
    const figure = document.querySelector("#drawer [data-speed]");
    if (figure && this.#samples) draw(figure, this.#samples, this.#now());
  }
}
