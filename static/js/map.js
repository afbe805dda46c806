// @ts-check
// The live map: base map, vehicles, names, trail, and what the mouse does.

import { layers, load, ROADS_CREDIT, shapes, sources } from "./basemap.js";
import { duration, Glide, unmercator } from "./glide.js";
import { Labels } from "./labels.js";
import { lines } from "./past.js";
import { STATES } from "./states.js";
import { Trails } from "./trails.js";
import { HOVERED, SELECTED, STALE, VehicleLayer } from "./vehicle-layer.js";
import { box, first } from "./view.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./palette.js").Palette} Palette */
/** @typedef {{ slots: number[], states: import("./states.js").State[] }} Arranged */
/** @typedef {{ selected: number, hovered: number }} Focus slots, -1 for none */

const DETAIL_ZOOM = 6;
const STREETS_ZOOM = 8;
const MOST_LABELS = 300;
const EMPTY = { type: "FeatureCollection", features: [] };
const still = matchMedia("(prefers-reduced-motion: reduce)");

export class FleetMap {
  #map;
  #files;
  #store;
  #layer;
  #labels;
  #glide = new Glide();
  #trails = new Trails();
  /** @type {Arranged} */
  #arranged = { slots: [], states: [] };
  /** @type {Focus} */
  #focus = { selected: -1, hovered: -1 };
  /** @type {number[] | null} west, south, east, north of the streets */
  #streets = null;
  #loaded = new Set();
  #pending = 0;
  /** @type {number[]} time of the fix that each marker goes to */
  #times = [];
  #trailBusy = false;
  #trailShown = false;
  /** Whether the selected vehicle is kept in the middle. */
  following = false;

  /**
   * @param {any} map MapLibre's, loaded
   * @param {object} parts
   * @param {HTMLCanvasElement} parts.canvas for names
   * @param {any} parts.files addresses of the base map
   * @param {Store} parts.store
   * @param {Palette} parts.palette
   * @param {number[] | null} parts.streets
   */
  constructor(map, { canvas, files, store, palette, streets }) {
    this.#map = map;
    this.#files = files;
    this.#store = store;
    this.#streets = streets;
    this.#layer = new VehicleLayer(this.#glide, palette);
    this.#labels = new Labels(canvas, palette);
    map.addLayer(this.#layer);
    map.on("render", () => {
      this.#drawLabels();
      // Not the map's own "idle": gliding markers never let it rest.
      if (!this.#pending && map.areTilesLoaded()) document.documentElement.dataset["map"] = "idle";
    });
    map.on("moveend", () => this.#detail());
    map.on("dragstart", () => this.#unfollow());
    this.#detail();
  }

  /** Called when a drag ended the following. */
  onUnfollow = () => {};

  get canvas() {
    return this.#map.getCanvas();
  }

  /** @param {string} event @param {(event: any) => void} listener */
  on(event, listener) {
    this.#map.on(event, listener);
  }

  /** @param {{ x: number, y: number }} point @param {number} [reach] */
  pick(point, reach) {
    return this.#layer.pick(point, reach);
  }

  /** Fixes came for these slots. @param {number[]} slots @param {boolean} [jump] a snapshot: no gliding */
  move(slots, jump = false) {
    const store = this.#store;
    const now = performance.now();
    const world = 512 * 2 ** this.#map.getZoom();
    for (const slot of slots) {
      const gap = store.time[slot] - (this.#times[slot] ?? Number.NaN);
      this.#times[slot] = store.time[slot];
      const lasts = jump || still.matches ? 0 : duration(gap, store.interval[slot] || 60);
      const [lon, lat, heading] = [store.lon[slot], store.lat[slot], store.heading[slot]];
      this.#glide.move(slot, { lon, lat, heading, now, lasts, world });
      this.#trails.add(store, slot);
    }
  }
  /** @param {number} slot its vehicle is gone */
  forget(slot) {
    this.#glide.forget(slot);
    this.#trails.forget(slot);
    delete this.#times[slot];
  }

  /** Draw what passes the filter. @param {Arranged} arranged @param {Focus} focus @param {number} now server time */
  show(arranged, focus, now) {
    this.#arranged = arranged;
    this.#focus = focus;
    const store = this.#store;
    /** @type {import("./vehicle-layer.js").Drawn[][]} bottom first: by state, the selected one, alarms */
    const levels = [[], [], [], [], [], []];
    for (const slot of arranged.slots) {
      if (Number.isNaN(store.time[slot])) continue;
      const state = STATES.indexOf(arranged.states[slot]);
      const selected = slot === focus.selected;
      const flags =
        (store.stale(slot, now) && state !== 0 ? STALE : 0) |
        (selected ? SELECTED : 0) |
        (slot === focus.hovered ? HOVERED : 0);
      levels[state === 0 ? 5 : selected ? 4 : Math.max(0, 4 - state)].push({ slot, state, flags });
    }
    this.#layer.show(levels.flat());
    this.#drawTrail();
    if (this.following && focus.selected >= 0 && !this.#map.isMoving()) this.#centre(focus.selected);
  }

  /** @param {Palette} palette */
  recolour(palette) {
    this.#layer.palette = palette;
    this.#labels.palette = palette;
    for (const layer of layers(palette))
      for (const [name, value] of Object.entries(layer.paint))
        this.#map.setPaintProperty(layer.id, name, value);
    this.#map.triggerRepaint();
  }

  /** Look at the fleet. @param {number[]} slots @param {boolean} [whole] all of it, even if that is a continent */
  fit(slots, whole = false) {
    const points = slots
      .filter((slot) => Number.isFinite(this.#store.lat[slot]))
      .map((slot) => /** @type {[number, number]} */ ([this.#store.lon[slot], this.#store.lat[slot]]));
    const [west, south, east, north] = this.#streets ?? [];
    const bounds =
      (whole ? box(points) : first(points)) ??
      (this.#streets && [
        [west, south],
        [east, north],
      ]); // prettier-ignore
    if (!bounds) return;
    const animate = whole && !still.matches;
    this.#map.fitBounds(bounds, { padding: this.#padding(56), maxZoom: 14.5, animate, duration: 600 });
  }

  /** Bring a vehicle into view; a map that shows it already stays as it is. @param {number} slot */
  reveal(slot) {
    if (Number.isNaN(this.#store.lat[slot])) return;
    const point = this.#map.project([this.#store.lon[slot], this.#store.lat[slot]]);
    const { clientWidth, clientHeight } = this.canvas;
    const padding = this.#padding(40);
    const inside =
      point.x > padding.left &&
      point.x < clientWidth - padding.right &&
      point.y > padding.top &&
      point.y < clientHeight - padding.bottom;
    if (!inside || this.#map.getZoom() < 9) this.#centre(slot, Math.max(this.#map.getZoom(), 13));
  }

  zoomBy(/** @type {number} */ step) {
    this.#map.zoomTo(this.#map.getZoom() + step, { animate: !still.matches });
  }

  /** @param {number} slot @param {number} [zoom] */
  #centre(slot, zoom = this.#map.getZoom()) {
    const center = [this.#store.lon[slot], this.#store.lat[slot]];
    const { left, right, top, bottom } = this.#padding(0);
    const offset = [(left - right) / 2, (top - bottom) / 2];
    this.#map.easeTo({ center, zoom, offset, duration: still.matches ? 0 : 500 });
  }

  /** What of the map lies under the drawer or the sheet. @param {number} margin */
  #padding(margin) {
    const map = this.canvas.getBoundingClientRect();
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

  /** Draw where a vehicle was before this page watched it. @param {number} slot @param {any} track GeoJSON, or null */
  past(slot, track) {
    const coordinates = track ? lines(track, this.#trails.begin(slot)) : [];
    const geometry = { type: "MultiLineString", coordinates };
    this.#map.getSource("past").setData({ type: "Feature", properties: {}, geometry });
  }

  #unfollow() {
    if (!this.following) return;
    this.following = false;
    this.onUnfollow();
  }

  async #drawTrail() {
    const slot = this.#focus.selected;
    if (this.#trailBusy || (slot < 0 && !this.#trailShown)) return;
    this.#trailBusy = true;
    const lines =
      slot < 0 ? [] : this.#trails.lines(slot, unmercator(...this.#glide.at(slot, performance.now())));
    this.#trailShown = lines.length > 0;
    const geometry = { type: "MultiLineString", coordinates: lines };
    await this.#map
      .getSource("trail")
      .setData(lines.length ? { type: "Feature", properties: {}, geometry } : EMPTY);
    this.#trailBusy = false;
  }

  #drawLabels() {
    const { selected, hovered } = this.#focus;
    const { clientWidth, clientHeight } = this.canvas;
    const now = performance.now();
    const labels = [];
    for (const slot of this.#arranged.slots) {
      const [x, y] = this.#glide.at(slot, now);
      if (!Number.isFinite(x)) continue;
      const point = this.#map.project(unmercator(x, y));
      if (point.x < -80 || point.y < -20 || point.x > clientWidth || point.y > clientHeight + 20) continue;
      const state = this.#arranged.states[slot];
      const strong = slot === selected || slot === hovered || state === "alarm";
      const rank = strong ? 0 : 1 + STATES.indexOf(state);
      labels.push({ text: this.#store.vehicle(slot)?.name ?? "", x: point.x, y: point.y, rank, strong });
    }
    this.#labels.draw(labels.length > MOST_LABELS ? labels.filter((label) => label.strong) : labels);
  }

  /** Fetch what the zoom and the place need: finer coasts, streets. */
  #detail() {
    const zoom = this.#map.getZoom();
    if (zoom > STREETS_ZOOM && this.#streetsInView())
      for (const name of ["town", "roads"]) this.#fetch(name, (data) => ({ [name]: data }));
    if (zoom > DETAIL_ZOOM) this.#fetch("countries10", shapes);
  }

  /**
   * Once; what failed is tried again when the map moves.
   * @param {string} name of the file @param {(content: any) => Record<string, any>} parts source → its data
   */
  async #fetch(name, parts) {
    if (this.#loaded.has(name)) return;
    this.#loaded.add(name);
    this.#pending++;
    try {
      const found = Object.entries(parts(await load(this.#files[name])));
      await Promise.all(found.map(([source, data]) => this.#map.getSource(source).setData(data)));
    } catch (error) {
      this.#loaded.delete(name);
      console.warn("base map:", error);
    } finally {
      this.#pending--;
      this.#map.triggerRepaint();
    }
  }

  #streetsInView() {
    if (!this.#streets) return false;
    const [west, south, east, north] = this.#streets;
    const view = this.#map.getBounds();
    return (
      view.getWest() < east && view.getEast() > west && view.getSouth() < north && view.getNorth() > south
    );
  }
}

/** Whether this browser can draw the map. */
export function drawable() {
  return Boolean(document.createElement("canvas").getContext("webgl2"));
}

/**
 * Make the map and wait until it can be drawn on.
 * @param {HTMLElement} container
 * @param {{ files: any, palette: Palette, workerUrl: string }} options
 */
export async function create(container, { files, palette, workerUrl }) {
  const [ml, made, index] = await Promise.all([
    import("maplibre-gl"),
    sources(files),
    load(files.index),
    ...["400 12px Inter", "600 12px Inter"].map((font) => document.fonts.load(font)),
  ]);
  ml.setWorkerUrl(workerUrl);
  if (index.roads) made["roads"].attribution = ROADS_CREDIT;
  const map = new ml.Map({
    container,
    style: { version: 8, sources: made, layers: layers(palette) },
    center: index.roads
      ? [(index.roads[0] + index.roads[2]) / 2, (index.roads[1] + index.roads[3]) / 2]
      : [10, 50],
    zoom: index.roads ? 11 : 4,
    minZoom: 1.5,
    maxZoom: 19,
    maxPitch: 0,
    dragRotate: false,
    pitchWithRotate: false,
    fadeDuration: 0,
    attributionControl: false,
    renderWorldCopies: false,
    keyboard: true,
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new ml.AttributionControl({ compact: matchMedia("(max-width: 799px)").matches }));
  map.addControl(new ml.NavigationControl({ showCompass: false }), "top-left");
  map.addControl(new ml.ScaleControl({ unit: "metric" }), "bottom-left");
  await map.once("load");
  const credit = container.querySelector(".maplibregl-compact-show");
  credit?.classList.remove("maplibregl-compact-show");
  credit?.removeAttribute("open");
  return { map, streets: index.roads };
}
