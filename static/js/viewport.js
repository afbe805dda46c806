// @ts-check
// The Mercator square on the screen: the map is never turned or tilted, so this is one multiplication.

import { mercator, unmercator } from "./glide.js";

export const TILE = 512;

export class Viewport {
  /**
   * @param {{ lon: number, lat: number, zoom: number, width: number, height: number }} view of its middle; CSS pixels
   */
  constructor({ lon, lat, zoom, width, height }) {
    [this.x, this.y] = mercator(lon, lat);
    this.world = TILE * 2 ** zoom;
    this.width = width;
    this.height = height;
  }

  /** Of MapLibre's map. @param {any} map */
  static of(map) {
    const { lng, lat } = map.getCenter();
    const { clientWidth, clientHeight } = map.getCanvas();
    return new Viewport({ lon: lng, lat, zoom: map.getZoom(), width: clientWidth, height: clientHeight });
  }

  /** Pixels from the left; of the copy of the Earth that is nearest. @param {number} x */
  left(x) {
    const away = x - this.x;
    return (away - Math.round(away)) * this.world + this.width / 2;
  }

  /** Pixels from the top. @param {number} y */
  top(y) {
    return (y - this.y) * this.world + this.height / 2;
  }

  /** Longitude and latitude under a pixel. @param {{ x: number, y: number }} point */
  place({ x, y }) {
    return unmercator(
      this.x + (x - this.width / 2) / this.world,
      this.y + (y - this.height / 2) / this.world,
    );
  }
}
