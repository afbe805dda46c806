// @ts-check
// The last hour of the vehicle whose drawer is open: its trail on the map, its speed in the drawer.

import { lastHour } from "./past.js";
import { draw } from "./sparkline.js";

const AGAIN_MS = 60_000;

export class LookBack {
  #address;
  #now;
  #onTrack;
  #id = -1;
  /** @type {any} */
  #track = null;

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
    setInterval(() => document.visibilityState === "visible" && this.again(), AGAIN_MS);
  }

  /** @param {number} id -1: of nobody */
  async of(id) {
    if (id !== this.#id) this.#track = null;
    this.#id = id;
    if (id < 0) return;
    const track = await lastHour(this.#address(id), this.#now());
    if (!track || id !== this.#id) return;
    this.#track = track;
    this.#onTrack(id, track);
    this.#draw();
  }

  again() {
    return this.of(this.#id);
  }

  #draw() {
    const figure = document.querySelector("#drawer [data-speed]");
    if (figure && this.#track) draw(figure, this.#track, this.#now());
  }
}
