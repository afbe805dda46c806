// @ts-check
// Fetches what the zoom and the place need: finer coasts, the streets of a town.

import { load, shapes } from "./basemap.js";

/** @typedef {import("./basemap.js").Town} Town */

const COAST_ZOOM = 6;
const STREETS_ZOOM = 8;

export class Detail {
  /** @type {Set<string>} */
  #loaded = new Set();
  /** @type {Set<string>} what is on its way for the style that is shown */
  #awaited = new Set();

  /** @param {any} map @param {import("./basemap.js").Files} files @param {Town[]} towns */
  constructor(map, files, towns) {
    this.#map = map;
    this.files = files;
    this.towns = towns;
    map.on("moveend", () => this.look());
  }
  #map;

  get pending() {
    return this.#awaited.size;
  }

  /** The style is another one: what it had is gone, and so is who would have said that it is drawn. */
  reset() {
    this.#loaded.clear();
    this.#awaited = new Set();
    this.look();
  }

  look() {
    const zoom = this.#map.getZoom();
    if (zoom > COAST_ZOOM) this.#fetch(this.files.countries10, shapes);
    if (zoom <= STREETS_ZOOM) return;
    for (const town of this.towns.filter(({ bounds }) => this.#inView(bounds)))
      for (const part of /** @type {const} */ (["town", "roads"]))
        if (town[part]) this.#fetch(town[part], (data) => ({ [`${part}:${town.name}`]: data }));
  }

  /**
   * Once; what failed is tried again when the map moves.
   * @param {string} address @param {(content: any) => Record<string, any>} parts source → its data
   */
  async #fetch(address, parts) {
    if (this.#loaded.has(address)) return;
    this.#loaded.add(address);
    const awaited = this.#awaited.add(address);
    try {
      const found = Object.entries(parts(await load(address)));
      // A style that has come meanwhile may not know them.
      await Promise.all(found.map(([source, data]) => this.#map.getSource(source)?.setData(data)));
    } catch (error) {
      this.#loaded.delete(address);
      console.warn("base map:", error);
    } finally {
      awaited.delete(address);
      this.#map.triggerRepaint();
    }
  }

  /** @param {number[]} bounds */
  #inView([west, south, east, north]) {
    const view = this.#map.getBounds();
    return (
      view.getWest() < east && view.getEast() > west && view.getSouth() < north && view.getNorth() > south
    );
  }
}
