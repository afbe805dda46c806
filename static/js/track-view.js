// @ts-check
// The map of the history page: tracks under the vehicles of their replay.

import { shown } from "./datum.js";
import { scheme, start } from "./live-map.js";
import { element } from "./live-view.js";
import { PALETTES } from "./palette.js";
import { Markers } from "./replay-markers.js";
import { bounds } from "./speed-scale.js";
import { box, TrackMap } from "./track-map.js";

/** @typedef {import("./track.js").Track} Track */

const REACH_PX = 24;
const STOP_ZOOM = 15;
const WIDE_PX = 700; // then no track goes under the legend
const MOST_ZOOM = 16;
const still = matchMedia("(prefers-reduced-motion: reduce)");

/**
 * @typedef {object} On
 * @property {(time: number | null) => void} onPoint the mouse is at a fix of that time; null: at none
 * @property {(time: number) => void} onTime a fix was clicked
 * @property {(key: string) => void} onStop a stop was: vehicle's id / its number
 * @property {() => void} onUnfollow
 */

export class TrackView {
  #fleet;
  #raw;
  #lines;
  #markers;
  #on;
  /** @type {Track[]} */
  #tracks = [];
  #pointed = false;

  /** Null when this browser cannot draw it. @param {any} settings @param {On} on */
  static async start(settings, on) {
    const markers = new Markers();
    const files = JSON.parse(element("live-settings").textContent ?? "{}");
    const made = await start({
      settings: { ...settings, ...files },
      store: markers.store,
      onClick: () => {},
      onHover: () => {},
      onSelect: () => {},
      onUnfollow: on.onUnfollow,
    });
    return made && new TrackView(made, markers, on);
  }

  /** @param {{ map: import("./fleet-map.js").FleetMap, raw: any }} made @param {Markers} markers @param {On} on */
  constructor({ map, raw }, markers, on) {
    this.#fleet = map;
    this.#raw = raw;
    this.#markers = markers;
    this.#on = on;
    this.#lines = new TrackMap(raw, (lon, lat) => shown(map.datum, lon, lat));
    map.onRestyled = () => this.#lines.restore();
    raw.on("mousemove", (/** @type {any} */ event) => this.#moved(event.point));
    raw.on("mouseout", () => this.#point(null));
    raw.on("click", (/** @type {any} */ event) => this.#clicked(event.point));
  }

  /** @param {{ x: number, y: number }} point */
  #moved(point) {
    const found = this.#lines.nearest(point, REACH_PX);
    this.#point(found ? found.track.time[found.index] : null);
    const over = this.#lines.stopAt(point) || found;
    this.#raw.getCanvas().style.cursor = over ? "pointer" : "";
  }

  /** @param {number | null} time */
  #point(time) {
    if (time === null && !this.#pointed) return;
    this.#pointed = time !== null;
    this.#on.onPoint(time);
  }

  /** @param {{ x: number, y: number }} point */
  #clicked(point) {
    const key = this.#lines.stopAt(point);
    if (key) return this.#on.onStop(key);
    const found = this.#lines.nearest(point, REACH_PX);
    if (found) this.#on.onTime(found.track.time[found.index]);
  }

  /** @param {Track[]} tracks @param {{ by: "speed" | "vehicle", colour: (index: number) => string }} how */
  paint(tracks, { by, colour }) {
    this.#tracks = tracks;
    this.#markers.load(tracks);
    const palette = PALETTES[scheme()];
    const look = { by, colour, several: tracks.length > 1, bounds: bounds(), palette, scheme: scheme() };
    this.#lines.show(tracks, look);
  }

  /** Put the vehicles where they were. @param {number} time @param {boolean} follow the first */
  at(time, follow) {
    const arranged = this.#markers.at(time);
    const selected = follow ? (arranged.slots[0] ?? -1) : -1;
    this.#fleet.following = follow && selected >= 0;
    this.#fleet.play(arranged.slots, 0);
    this.#fleet.show(
      arranged,
      { selected, hovered: -1, trail: false, labels: this.#tracks.length > 1 },
      time,
    );
  }

  /** Ring where they were at a time. @param {number | null} time */
  ring(time) {
    const places =
      time === null ? [] : this.#tracks.map((track) => track.at(time)).filter((place) => place !== null);
    this.#lines.ring(places);
  }

  /** Look at the whole of the tracks. */
  fit() {
    const corners = box(this.#tracks);
    if (!corners) return;
    const around = corners.map(([lon, lat]) => shown(this.#fleet.datum, lon, lat));
    const legend = element("legend").getBoundingClientRect().width;
    const wide = this.#raw.getCanvas().clientWidth > WIDE_PX;
    const padding = { top: wide ? 48 : 72, bottom: 48, left: wide ? 64 : 32, right: wide ? legend + 40 : 32 };
    this.#raw.fitBounds(around, { padding, maxZoom: MOST_ZOOM, animate: !still.matches, duration: 500 });
  }

  /** @param {string} key @param {{ lat: number, lon: number }} stop */
  toStop(key, { lat, lon }) {
    this.#lines.mark(key);
    const zoom = Math.max(this.#raw.getZoom(), STOP_ZOOM);
    this.#raw.easeTo({ center: shown(this.#fleet.datum, lon, lat), zoom, animate: !still.matches });
  }
}
