// @ts-check
// The live page's map: made when it can be, and what the mouse does on it.

import { create, drawable, FleetMap } from "./map.js";
import { PALETTES } from "./palette.js";

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
 * @param {Parts} parts @returns {Promise<{ map: FleetMap, pin: (drawn: any) => void, raw: any } | null>}
 */
export async function start({ settings, store, onClick, onHover, onSelect, onUnfollow }) {
  if (!drawable()) return null;
  root.dataset["map"] = "loading";
  const container = /** @type {HTMLElement} */ (document.getElementById("map"));
  const canvas = /** @type {HTMLCanvasElement} */ (document.getElementById("labels"));
  const { files, worker } = settings;
  const made = await create(container, { files, palette: palette(), workerUrl: worker });
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
  map.move([...store.slots()], true);
  const { Marker } = await import("maplibre-gl");
  return { map, pin: pin(made.map, Marker), raw: made.map };
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

/** Say that there is no map. */
export function none() {
  root.dataset["map"] = "none";
  const note = document.getElementById("no-map");
  if (note) note.hidden = false;
}
