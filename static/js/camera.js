// @ts-check
// Where the map looks: the fleet, a selection, a vehicle that is followed.

import { box, first } from "./view.js";
import { Viewport } from "./viewport.js";

/** @typedef {[number, number]} Point longitude, latitude, as drawn */

const NEAR_ZOOM = 13; // a vehicle that is out of view is shown at least so near
const FAR_ZOOM = 9; // from farther away nobody sees where it is
const MOST_ZOOM = 14.5;
const EASE_MS = 500;
const still = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)");

/**
 * Points around the 180th meridian side by side: each at the copy of the Earth that keeps them together.
 * @param {Point[]} points
 * @returns {Point[]}
 */
export function together(points) {
  const lons = points.map(([lon]) => lon).sort((a, b) => a - b);
  let [gap, start] = [lons.length ? lons[0] + 360 - lons[lons.length - 1] : 0, -180];
  for (let i = 1; i < lons.length; i++)
    if (lons[i] - lons[i - 1] > gap) [gap, start] = [lons[i] - lons[i - 1], lons[i]];
  return points.map(([lon, lat]) => [lon < start ? lon + 360 : lon, lat]);
}

export class Camera {
  /** Whether the selected vehicle is kept in the middle. */
  following = false;
  /** Called when a drag ended the following. */
  onUnfollow = () => {};

  #map;
  #place;

  /**
   * @param {any} map @param {(slot: number) => Point} place where a vehicle is drawn
   */
  constructor(map, place) {
    this.#map = map;
    this.#place = place;
    map.on("dragstart", () => {
      if (!this.following) return;
      this.following = false;
      this.onUnfollow();
    });
  }

  /**
   * Look at the fleet, or at a part of it.
   * @param {number[]} slots @param {boolean} whole all of them, even if that is a continent @param {number[][]} towns else
   */
  fit(slots, whole, towns) {
    const points = together(slots.map(this.#place).filter(([, lat]) => Number.isFinite(lat)));
    const [west, south, east, north] = towns[0] ?? [];
    const bounds =
      (whole ? box(points) : first(points)) ??
      (towns[0] && [
        [west, south],
        [east, north],
      ]); // prettier-ignore
    if (!bounds) return;
    const animate = whole && !still?.matches;
    const padding = this.#padding(56);
    this.#map.fitBounds(bounds, { padding, maxZoom: MOST_ZOOM, animate, duration: 600 });
  }

  /** Bring a vehicle into view; a map that shows it already stays as it is. @param {number} slot */
  reveal(slot) {
    const [lon, lat] = this.#place(slot);
    if (!Number.isFinite(lat)) return;
    const view = Viewport.of(this.#map);
    const place = new Viewport({ lon, lat, zoom: 0, width: 0, height: 0 });
    const [x, y] = [view.left(place.x), view.top(place.y)];
    const padding = this.#padding(40);
    const inside =
      x > padding.left &&
      x < view.width - padding.right &&
      y > padding.top &&
      y < view.height - padding.bottom;
    const zoom = this.#map.getZoom();
    if (!inside || zoom < FAR_ZOOM) this.#centre(slot, Math.max(zoom, NEAR_ZOOM));
  }

  /** Keep a followed vehicle in the middle. @param {number} slot */
  follow(slot) {
    if (this.following && slot >= 0 && !this.#map.isMoving()) this.#centre(slot, this.#map.getZoom());
  }

  /** @param {number} step */
  zoomBy(step) {
    this.#map.zoomTo(this.#map.getZoom() + step, { animate: !still?.matches });
  }

  /** @param {number} slot @param {number} zoom */
  #centre(slot, zoom) {
    const [lon, lat] = this.#place(slot);
    if (!Number.isFinite(lat)) return;
    const { left, right, top, bottom } = this.#padding(0);
    const offset = [(left - right) / 2, (top - bottom) / 2];
    const camera = { center: [lon, lat], zoom, offset };
    if (still?.matches) this.#map.easeTo({ ...camera, animate: false });
    else this.#map.easeTo({ ...camera, duration: EASE_MS });
  }

  /** What of the map lies under the drawer or the sheet. @param {number} margin */
  #padding(margin) {
    const map = this.#map.getCanvas().getBoundingClientRect();
    const drawer = document.getElementById("drawer")?.getBoundingClientRect();
    const sheet = document.getElementById("side")?.getBoundingClientRect();
    const over = drawer?.width && drawer.left > map.left + 1 ? Math.max(0, map.right - drawer.left) : 0;
    const under = sheet && sheet.top > map.top + 1 ? Math.max(0, map.bottom - sheet.top) : 0;
    return {
      left: margin,
      top: margin,
      right: margin + over,
      bottom: margin + Math.min(under, map.height / 2),
    };
  }
}
