// @ts-check
// What stands at the edges of the map: zoom, scale, attribution, and the place under the pointer.

import { t } from "./i18n.js";

const DIGITS = 5; // about a metre

/** What MapLibre itself says. */
export const words = () => ({
  "Map.Title": t("Map. Arrows move it, + and − zoom, Enter takes what is in the middle."),
  "NavigationControl.ZoomIn": t("Zoom in"),
  "NavigationControl.ZoomOut": t("Zoom out"),
  "AttributionControl.ToggleAttribution": t("Whose map this is"),
});

/** @param {any} ml MapLibre @param {any} map @param {"metric" | "imperial"} unit */
export function addControls(ml, map, unit) {
  const narrow = matchMedia("(max-width: 799px)").matches;
  map.addControl(new ml.AttributionControl({ compact: narrow }));
  map.addControl(new ml.NavigationControl({ showCompass: false }), "top-left");
  map.addControl(new ml.ScaleControl({ unit }), "bottom-left");
  map.once("load", () => {
    const credit = map.getContainer().querySelector(".maplibregl-compact-show");
    credit?.classList.remove("maplibregl-compact-show");
    credit?.removeAttribute("open");
  });
}

/** Degrees as people copy them. @param {number} lon @param {number} lat */
export function coordinates(lon, lat) {
  return `${lat.toFixed(DIGITS)}, ${(((((lon + 180) % 360) + 360) % 360) - 180).toFixed(DIGITS)}`;
}

/** The place under the pointer, latitude first; nothing where there is no pointer. */
export class Readout {
  #element = document.createElement("div");

  /** @param {any} map */
  onAdd(map) {
    this.#element.className = "maplibregl-ctrl map-coordinates";
    this.#element.title = t("Latitude, longitude under the pointer");
    map.on("mouseout", () => this.show(null));
    this.show(null);
    return this.#element;
  }

  onRemove() {
    this.#element.remove();
  }

  /** @param {[number, number] | null} place longitude, latitude */
  show(place) {
    this.#element.hidden = !place;
    if (place) this.#element.textContent = coordinates(...place);
  }
}
