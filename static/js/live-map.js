// @ts-check
// The live page's map: made when it can be, and what the mouse does on it.

import { shown } from "./datum.js";
import { create, drawable, FleetMap } from "./map.js";
import { PALETTES } from "./palette.js";

const BELOW = "vehicles"; // the layer of the markers
const CORNERS = 72;
const METRES_PER_DEGREE = 111_195;
const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");

/** Which set of colours the page has now. @returns {"dark" | "light"} */
export function scheme() {
  const chosen = root.dataset["scheme"];
  return chosen === "dark" || (chosen !== "light" && dark.matches) ? "dark" : "light";
}

const palette = () => PALETTES[scheme()];

/** @typedef {{ place: [number, number], drawn: any }} Clicked a place (WGS 84, longitude first), and where the map has it */
/**
 * @typedef {object} Parts
 * @property {any} settings of the page
 * @property {import("./store.js").Store} store
 * @property {(slot: number, event: MouseEvent, at: Clicked) => void} onClick slot -1: an empty place
 * @property {(slot: number) => void} onHover
 * @property {(slot: number) => void} onSelect from the list of a collapsed group
 * @property {() => void} onUnfollow a drag ended the following
 */

/**
 * Draw the map; null when this browser cannot. `raw` is MapLibre's.
 * @param {Parts} parts @returns {Promise<{ map: FleetMap, pin: (drawn: any) => void, ring: ReturnType<typeof circle>, raw: any } | null>}
 */
export async function start({ settings, store, onClick, onHover, onSelect, onUnfollow }) {
  if (!drawable()) return null;
  root.dataset["map"] = "loading";
  const container = /** @type {HTMLElement} */ (document.getElementById("map"));
  const canvas = /** @type {HTMLCanvasElement} */ (document.getElementById("labels"));
  const { files, worker } = settings;
  const made = await create(container, { files, palette: palette(), workerUrl: worker });
  const { Marker } = await import("maplibre-gl");
  const map = new FleetMap(made, { canvas, files, store, palette: palette(), track: settings.trail });
  map.onUnfollow = onUnfollow;
  map.onSelect = onSelect;
  map.on("click", (event) => {
    if (event.taken) return; // by the list of a count
    onClick(map.pick(event.point), event.originalEvent, {
      place: map.place(event.point),
      drawn: event.lngLat,
    });
  });
  map.on("mousemove", (event) => {
    const slot = map.pick(event.point);
    map.canvas.style.cursor = slot >= 0 ? "pointer" : "";
    onHover(slot);
  });
  map.on("mouseout", () => onHover(-1));
  const recolour = () => map.recolour(palette());
  dark.addEventListener("change", recolour);
  document.addEventListener("scheme", recolour);
  const ring = circle(made.map, (lon, lat) => shown(map.datum, lon, lat));
  map.move([...store.slots()], true); // no `await` below: frames that come before the caller has the map move nothing
  return { map, pin: pin(made.map, Marker), ring, raw: made.map };
}

/**
 * A pin that can be put somewhere, and taken away with null.
 * @param {any} map @param {any} Marker MapLibre's
 * @returns {(drawn: any) => void}
 */
function pin(map, Marker) {
  const element = document.createElement("div");
  element.className = "pin";
  const marker = new Marker({ element });
  return (drawn) => {
    if (drawn) marker.setLngLat(drawn).addTo(map);
    else marker.remove();
  };
}

/**
 * A circle that can be drawn somewhere, and taken away with null.
 * @param {any} map @param {(lon: number, lat: number) => [number, number]} place where a position is drawn
 * @returns {(centre: [number, number] | null, metres?: number) => void} longitude, latitude
 */
export function circle(map, place) {
  return (centre, metres = 0) => {
    const features = centre
      ? [
          {
            type: "Feature",
            properties: {},
            geometry: { type: "Polygon", coordinates: [around(centre, metres, place)] },
          },
        ]
      : [];
    if (!map.getSource("circle")) {
      if (!centre) return;
      map.addSource("circle", { type: "geojson", data: { type: "FeatureCollection", features: [] } });
      const { selected } = palette();
      map.addLayer(
        {
          id: "circle",
          type: "fill",
          source: "circle",
          paint: { "fill-color": selected, "fill-opacity": 0.12 },
        },
        BELOW,
      );
      map.addLayer(
        {
          id: "circle-edge",
          type: "line",
          source: "circle",
          paint: { "line-color": selected, "line-width": 1.5 },
        },
        BELOW,
      );
    }
    map.getSource("circle").setData({ type: "FeatureCollection", features });
  };
}

/** @param {[number, number]} centre @param {number} metres @param {(lon: number, lat: number) => [number, number]} place */
function around([lon, lat], metres, place) {
  const north = metres / METRES_PER_DEGREE;
  const east = north / Math.max(0.01, Math.cos((lat * Math.PI) / 180));
  return Array.from({ length: CORNERS + 1 }, (_, i) => {
    const angle = (2 * Math.PI * (i % CORNERS)) / CORNERS;
    return place(lon + east * Math.sin(angle), lat + north * Math.cos(angle));
  });
}

/** Say that there is no map. */
export function none() {
  root.dataset["map"] = "none";
  const note = document.getElementById("no-map");
  if (note) note.hidden = false;
}
