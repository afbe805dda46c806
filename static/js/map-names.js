// @ts-check
// Names on the map, in the page's own font.

/** @typedef {import("./palette.js").Palette} Palette */

export const REGULAR = ["Inter Regular", "Inter", "sans-serif"];
const BOLD = ["Inter SemiBold", "Inter", "sans-serif"];
/** A name along a street. */
export const ALONG = {
  "symbol-placement": "line",
  "symbol-spacing": 380,
  "text-font": REGULAR,
  "text-size": ["interpolate", ["exponential", 1.5], ["zoom"], 12, 10, 17, 13],
  "text-padding": 6,
};

/** @param {...(number | string | any[])} stops */
export const zoomed = (...stops) => ["interpolate", ["exponential", 1.5], ["zoom"], ...stops];

/** @param {Palette} p @param {string} colour */
export const written = (p, colour) => ({
  "text-color": colour,
  "text-halo-color": p.halo,
  "text-halo-width": 1.3,
});

/** @param {Palette} p @param {string} town */
export function streetNames(p, town) {
  return {
    id: `street-names:${town}`,
    type: "symbol",
    source: `roads:${town}`,
    minzoom: 12.5,
    filter: ["all", ["has", "n"], ["<=", ["get", "c"], ["step", ["zoom"], 3, 13.5, 4, 14.2, 6]]],
    layout: { ...ALONG, "text-field": ["get", "n"], "symbol-sort-key": ["get", "c"] },
    paint: written(p, p.street),
  };
}

/** Cities and countries. @param {Palette} p */
export function worldNames(p) {
  return [
    {
      id: "cities",
      type: "symbol",
      source: "cities",
      minzoom: 3.5,
      maxzoom: 12,
      filter: ["<=", ["get", "rank"], ["step", ["zoom"], 1, 4, 2, 5, 3, 5.6, 4, 6.4, 5, 7.2, 6]],
      layout: {
        "text-field": ["get", "name"],
        "text-font": REGULAR,
        "text-size": ["interpolate", ["linear"], ["get", "rank"], 1, 13, 6, 10.5],
        "symbol-sort-key": ["get", "rank"],
        "text-padding": 3,
      },
      paint: written(p, p.city),
    },
    {
      id: "countries",
      type: "symbol",
      source: "countries",
      maxzoom: 7,
      filter: ["<=", ["get", "rank"], ["step", ["zoom"], 1, 2, 2, 3, 3, 4, 4, 5, 5]],
      layout: {
        "text-field": ["get", "name"],
        "text-font": BOLD,
        "text-size": zoomed(2, 10, 6, 14),
        "text-transform": "uppercase",
        "text-letter-spacing": 0.12,
        "text-max-width": 7,
        "symbol-sort-key": ["get", "rank"],
      },
      paint: { ...written(p, p.text), "text-opacity": 0.85 },
    },
  ];
}
