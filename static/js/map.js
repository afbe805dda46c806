// @ts-check
// The live map. For a page:
//
//   drawable()                      whether this browser can draw it; else words stand in its place
//   create(container, {…})          what FleetMap is made of; rejects when it cannot be had
//   new FleetMap(made, {…})
//     .move(slots, jump?)           fixes came for these slots (jump: a snapshot, no gliding)
//     .forget(slot)                 its vehicle is gone
//     .show(arranged, focus, now)   draw what passes the filter; may be called often, draws once a frame
//     .fit(slots, whole?)           look at these; whole: all of them, else where most are
//     .reveal(slot)                 into view, if it is not
//     .pick(point)  .place(point)   the vehicle, and the place, under a pixel
//     .zoomBy(step)  .following  .recolour(palette)  .past(slot, track)  .canvas  .on(event, listener)
//     .onSelect(slot)               chosen in the list of a count, or with Enter in the middle of the map
//     .onUnfollow()                 a drag ended the following
//   A click on a count opens its list; the event is `taken` then.
//
// `arranged` is {slots, dimmed, states}, `focus` {selected, hovered, chosen, trail, labels}: slots, -1 for none. Positions are WGS 84 on
// both sides, whatever the map below is drawn in.

import { builtIn, load, ROADS_CREDIT, world } from "./basemap.js";
import { addControls, words } from "./controls.js";
import { FleetMap } from "./fleet-map.js";
import { page } from "./i18n.js";

export { FleetMap };

/** @typedef {import("./basemap.js").Town} Town */

const MAP_OPTIONS = {
  minZoom: 1.5,
  maxZoom: 20,
  maxPitch: 0,
  dragRotate: false,
  pitchWithRotate: false,
  fadeDuration: 0,
  attributionControl: false,
  keyboard: true,
};
const EUROPE = { center: [10, 50], zoom: 4 };

/** Whether this browser can draw the map. */
export function drawable() {
  return Boolean(document.createElement("canvas").getContext("webgl2"));
}

/**
 * Make the map and wait until it can be drawn on.
 * @param {HTMLElement} container
 * @param {{ files: import("./basemap.js").Files, palette: import("./palette.js").Palette, workerUrl: string }} parts
 */
export async function create(container, { files, palette, workerUrl }) {
  const settings = JSON.parse(document.getElementById("map-settings")?.textContent ?? "{}");
  const [ml, sources, index] = await Promise.all([
    import("maplibre-gl"),
    world(files),
    load(files.index),
    ...["400 12px Inter", "600 12px Inter", "650 12px Inter"].map((font) => document.fonts.load(font)),
  ]);
  ml.setWorkerUrl(workerUrl);
  const { offers = [] } = settings;
  const read = { sources, towns: [...(settings.towns ?? []), ...own(index, files)] };
  if ([...read.towns, ...offers].some(({ tiles, pmtiles }) => pmtiles || typeof tiles === "string"))
    await addPmtiles(ml);
  const { over, ...style } = builtIn(read, palette);
  const map = new ml.Map({
    container,
    style,
    ...MAP_OPTIONS,
    locale: words(),
    ...begin(read.towns[0]),
    transformRequest: (/** @type {string} */ url) => ({
      url,
      ...(foreign(url) && { referrerPolicy: "origin" }),
    }),
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  addControls(ml, map, page["units"] === "imperial" ? "imperial" : "metric");
  await map.once("style.load");
  return { map, world: read, offers };
}

/** The streets that came with the packages. @param {{ roads: number[] | null }} index @param {import("./basemap.js").Files} files @returns {Town[]} */
function own({ roads: bounds }, { roads, town }) {
  return bounds ? [{ name: "packaged", bounds, roads, town, credit: ROADS_CREDIT }] : [];
}

/** Where to look until vehicles are known. @param {Town | undefined} town */
function begin(town) {
  if (!town) return EUROPE;
  const [west, south, east, north] = town.bounds;
  return { center: [(west + east) / 2, (south + north) / 2], zoom: 11 };
}

/** @param {string} url */
const foreign = (url) => /^https?:/.test(url) && new URL(url).origin !== location.origin;

/** @param {any} ml */
async function addPmtiles(ml) {
  const { Protocol } = await import("pmtiles");
  ml.addProtocol("pmtiles", new Protocol().tile);
}
