// @ts-check
// The map and what is on it; map.js says what a page may ask of it.

import { builtIn } from "./basemap.js";
import { Camera } from "./camera.js";
import { Readout } from "./controls.js";
import { Crowd } from "./crowd.js";
import { real, shown } from "./datum.js";
import { Detail } from "./detail.js";
import { duration, Glide, unmercator } from "./glide.js";
import { Labels } from "./labels.js";
import { PALETTES } from "./palette.js";
import { Scene } from "./scene.js";
import { STATES } from "./states.js";
import { bindMenu, sayFailed, showChoice } from "./style-menu.js";
import { Styles } from "./styles.js";
import { TrailLines } from "./trail-lines.js";
import { VehicleLayer } from "./vehicle-layer.js";
import { Viewport } from "./viewport.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./palette.js").Palette} Palette */
/** @typedef {import("./scene.js").Arranged} Arranged */
/** @typedef {import("./scene.js").Focus} Focus */

const COLLAPSE_MS = 1000; // between two looks at what lies on one another while vehicles move
const MANY = 5000; // of them: three times as long
const REACH = { fine: 14, coarse: 24 }; // pixels
const KEY_REACH = 60; // from the middle of the map
const still = matchMedia("(prefers-reduced-motion: reduce)");
const coarse = matchMedia("(pointer: coarse)");

export class FleetMap {
  #map;
  #store;
  #layer;
  #labels;
  #scene;
  #glide = new Glide();
  #trails;
  #camera;
  #detail;
  #styles;
  #crowd;
  #world;
  #palette;
  #readout = new Readout();
  /** @type {Arranged} */
  #arranged = { slots: [], dimmed: [], states: new Uint8Array() };
  /** @type {Focus} */
  #focus = { selected: -1, hovered: -1 };
  #now = 0;
  #frame = 0;
  #collapsed = { at: 0, of: "" };
  #lasts = new Float64Array();
  /** Time of the fix that each marker goes to. */
  #times = new Float64Array();
  #lon = new Float64Array();
  #lat = new Float64Array();

  /** Called when a vehicle was chosen in the list of a count, or by key. @param {number} _slot */
  onSelect = (_slot) => {};
  /** Called when a drag ended the following. */
  onUnfollow = () => {};
  /** Called when another style has come: what others drew on the one before is gone. */
  onRestyled = () => {};

  /**
   * @param {{ map: any, world: import("./basemap.js").World, offers: import("./styles.js").Offer[] }} made by `create`
   * @param {object} parts
   * @param {HTMLCanvasElement} parts.canvas for names
   * @param {import("./basemap.js").Files} parts.files addresses of the base map
   * @param {string} [parts.track] address of a vehicle's track as GeoJSON, with 0 for its id
   * @param {Store} parts.store
   * @param {Palette} parts.palette
   */
  constructor({ map, world, offers }, { canvas, files, track = "", store, palette }) {
    this.#map = map;
    this.#store = store;
    this.#palette = palette;
    this.#world = world;
    this.#layer = new VehicleLayer(this.#glide, palette);
    this.#labels = new Labels(canvas, palette);
    this.#scene = new Scene(store);
    this.#camera = new Camera(map, (slot) => this.#drawnAt(slot));
    this.#camera.onUnfollow = () => this.onUnfollow();
    this.#detail = new Detail(map, files, world.towns);
    this.#trails = new TrailLines(map, store, {
      track,
      place: (lon, lat) => shown(this.datum, lon, lat),
      tip: (slot) => unmercator(...this.#glide.at(slot, performance.now())),
    });
    const list = document.getElementById("map-crowd");
    this.#crowd = list && new Crowd(list, (slot) => this.onSelect(slot));
    this.#styles = new Styles(map, offers, {
      base: () => builtIn(this.#world, this.#palette),
      dark: () => this.#palette === PALETTES.dark,
      onShown: () => this.#restyled(),
      onFailed: sayFailed,
    });
    const menu = document.getElementById("map-styles");
    if (menu) bindMenu(this.#styles, menu);
    map.addLayer(this.#layer);
    map.addControl(this.#readout, "bottom-left");
    this.#listen();
    this.#detail.look();
    this.#styles.restore();
  }

  get canvas() {
    return this.#map.getCanvas();
  }

  /** In which coordinates the map below is drawn. */
  get datum() {
    return this.#styles?.shown?.datum ?? "wgs84";
  }

  get following() {
    return this.#camera.following;
  }

  set following(on) {
    this.#camera.following = on;
  }

  /** @param {string} event @param {(event: any) => void} listener */
  on(event, listener) {
    this.#map.on(event, listener);
  }

  #listen() {
    const map = this.#map;
    map.on("render", () => {
      this.#drawLabels();
      this.#trails.glide(performance.now() < this.#glide.end);
      // Not the map's own "idle": gliding markers never let it rest.
      if (!this.#detail.pending && map.areTilesLoaded()) document.documentElement.dataset["map"] = "idle";
    });
    map.on("moveend", () => this.#collapse());
    map.on("movestart", () => this.#crowd?.hide());
    map.on("click", (/** @type {any} */ event) => {
      event.taken = this.#list(this.pick(event.point), event.point);
    });
    map.on("mousemove", (/** @type {any} */ { point }) => {
      this.#readout.show(coarse.matches ? null : this.place(point));
    });
    // The map brings its own layers back; ours and what was fetched are for us.
    map.on("webglcontextrestored", () => map.once("style.load", () => this.#restyled()));
    this.canvas.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Enter") return;
      const { clientWidth, clientHeight } = this.canvas;
      event.stopPropagation();
      event.preventDefault(); // or the key presses what gets the focus now
      const middle = { x: clientWidth / 2, y: clientHeight / 2 };
      const slot = this.pick(middle, KEY_REACH);
      if (slot >= 0 && !this.#list(slot, middle)) this.onSelect(slot);
    });
  }

  /** The vehicle drawn on top there, or the topmost under a count; -1 for none. @param {{ x: number, y: number }} point @param {number} [reach] pixels */
  pick(point, reach = coarse.matches ? REACH.coarse : REACH.fine) {
    return this.#layer.pick(Viewport.of(this.#map), point, reach);
  }

  /** The place under a pixel, in WGS 84. @param {{ x: number, y: number }} point @returns {[number, number]} longitude, latitude */
  place(point) {
    return real(this.datum, ...Viewport.of(this.#map).place(point));
  }

  /** List what is under a count. @param {number} slot @param {{ x: number, y: number }} point @returns whether it is one */
  #list(slot, point) {
    if (slot < 0 || this.#scene.many[slot] <= 1 || !this.#crowd) return false;
    const { left, top } = this.canvas.getBoundingClientRect();
    const members = this.#scene.group(slot, this.#arranged.slots).map((other) => ({
      slot: other,
      name: this.#store.vehicle(other)?.name ?? "",
      state: STATES[this.#scene.state[other]],
      age: this.#now - this.#store.time[other],
    }));
    this.#crowd.show(members, { x: left + point.x, y: top + point.y }, this.canvas);
    return true;
  }

  /** Where a vehicle is drawn. @param {number} slot @returns {[number, number]} longitude, latitude */
  #drawnAt(slot) {
    return shown(this.datum, this.#store.lon[slot], this.#store.lat[slot]);
  }

  /** Fixes came for these slots. @param {number[]} slots @param {boolean} [jump] a snapshot: no gliding */
  move(slots, jump = false) {
    const { time, interval } = this.#store;
    if (this.#times.length < time.length) this.#reserve(time.length);
    const [times, lasts] = [this.#times, this.#lasts];
    const atOnce = jump || still.matches; // to ask for each would take longer than all the rest
    for (const slot of slots) {
      lasts[slot] = atOnce ? 0 : duration(time[slot] - times[slot], interval[slot] || 60);
      times[slot] = time[slot];
    }
    this.#trails.add(slots);
    this.#glideTo(slots);
    if (jump) this.#trails.reset();
  }

  /** Another time is shown, not the one that follows. @param {boolean} past */
  begin(past) {
    this.#trails.begin(past);
    this.move([...this.#store.slots()], true);
  }

  /** A fix of the past was reached: it is part of the trail. @param {number[]} slots */
  passed(slots) {
    this.#trails.add(slots);
  }

  /** Put vehicles where their store has them now: a replay. @param {number[]} slots @param {number} ms how long to glide there */
  play(slots, ms) {
    if (this.#lasts.length < this.#store.time.length) this.#reserve(this.#store.time.length);
    const [lasts, each] = [this.#lasts, still.matches ? 0 : ms];
    for (const slot of slots) lasts[slot] = each;
    this.#glideTo(slots);
  }

  /** @param {number[]} slots */
  #glideTo(slots) {
    const { lon, lat, heading } = this.#store;
    const [to, world] = [{ lon, lat, heading, lasts: this.#lasts }, 512 * 2 ** this.#map.getZoom()];
    if (this.datum !== "wgs84") {
      for (const slot of slots) [this.#lon[slot], this.#lat[slot]] = this.#drawnAt(slot);
      [to.lon, to.lat] = [this.#lon, this.#lat];
    }
    this.#glide.move(slots, to, performance.now(), world);
  }

  /** @param {number} size */
  #reserve(size) {
    const grown = (/** @type {Float64Array} */ old) => {
      const array = new Float64Array(size).fill(Number.NaN);
      array.set(old);
      return array;
    };
    [this.#times, this.#lasts] = [grown(this.#times), grown(this.#lasts)];
    [this.#lon, this.#lat] = [grown(this.#lon), grown(this.#lat)];
  }

  /** @param {number} slot its vehicle is gone */
  forget(slot) {
    this.#glide.forget(slot);
    this.#trails.forget(slot);
    this.#times[slot] = Number.NaN;
  }

  /** Draw what passes the filter. @param {Arranged} arranged @param {Focus} focus @param {number} now server time */
  show(arranged, focus, now) {
    this.#arranged = arranged;
    this.#focus = focus;
    this.#now = now;
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#frame = 0;
    const { slots } = this.#arranged;
    this.#scene.arrange(this.#arranged, this.#focus, this.#now);
    const of = `${slots.length} ${this.#focus.selected} ${this.#scene.alarms}`;
    const wait = slots.length > MANY ? 3 * COLLAPSE_MS : COLLAPSE_MS;
    if (of !== this.#collapsed.of || performance.now() - this.#collapsed.at > wait) {
      this.#collapsed.of = of;
      this.#collapse();
    } else this.#layer.show(this.#scene);
    if (this.#focus.trail ?? true) this.#trails.draw(this.#focus.selected, this.#scene.few, this.#now);
    else this.#trails.clear();
    this.#camera.follow(this.#focus.selected);
  }

  #collapse() {
    this.#collapsed.at = performance.now();
    this.#scene.collapse(Viewport.of(this.#map), this.#glide);
    this.#layer.show(this.#scene);
  }

  #drawLabels() {
    const view = Viewport.of(this.#map);
    const now = performance.now();
    const at = (/** @type {number} */ slot) => {
      const [x, y] = this.#glide.at(slot, now);
      return [view.left(x), view.top(y)];
    };
    const labels = [];
    for (const slot of this.#scene.named(this.#focus.labels ?? true)) {
      const [x, y] = at(slot);
      if (!(x > -80 && y > -20 && x < view.width && y < view.height + 20)) continue;
      const strong = this.#scene.strong(slot);
      const rank = strong ? 0 : 1 + this.#scene.state[slot];
      labels.push({ text: this.#store.vehicle(slot)?.name ?? "", x, y, rank, strong });
    }
    this.#labels.draw(labels, [...this.#scene.counts].map(at));
  }

  /** @param {Palette} palette */
  recolour(palette) {
    this.#palette = this.#layer.palette = this.#labels.palette = palette;
    const { shown: other } = this.#styles;
    if (other?.kind === "style") return this.#styles.recoloured();
    for (const layer of builtIn(this.#world, palette).layers)
      if (this.#map.getLayer(layer.id))
        for (const [name, value] of Object.entries(layer.paint))
          this.#map.setPaintProperty(layer.id, name, value);
    this.#map.triggerRepaint();
  }

  /** Another style has come: it has neither vehicles nor what was fetched, and perhaps another datum. */
  #restyled() {
    this.#map.addLayer(this.#layer);
    this.#detail.reset();
    this.#lasts.fill(0);
    this.#glideTo([...this.#store.slots()]);
    this.#trails.restore();
    const menu = document.getElementById("map-styles");
    if (menu) showChoice(this.#styles, menu);
    this.#collapse();
    this.onRestyled();
  }

  /** Look at the fleet. @param {number[]} slots @param {boolean} [whole] all of it, even if that is a continent */
  fit(slots, whole = false) {
    this.#camera.fit(
      slots,
      whole,
      this.#world.towns.map(({ bounds }) => bounds),
    );
  }

  /** Bring a vehicle into view; a map that shows it already stays as it is. @param {number} slot */
  reveal(slot) {
    this.#camera.reveal(slot);
  }

  /** @param {number} step */
  zoomBy(step) {
    this.#camera.zoomBy(step);
  }

  /** Draw where a vehicle was before this page watched it. @param {number} slot @param {any} track GeoJSON, or null */
  past(slot, track) {
    this.#trails.past(slot, track);
  }
}
