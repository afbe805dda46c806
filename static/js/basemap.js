// @ts-check
/* global topojson */
// The map under the vehicles: Natural Earth, GeoNames, and streets where they are installed.
// No glyphs and no sprites: text is drawn from the page's own font.

/** @typedef {import("./palette.js").Palette} Palette */
/** @typedef {{ countries50: string, countries10: string, labels: string, cities: string, roads: string, town: string, index: string }} Files */

const REGULAR = ["Inter Regular", "Inter", "sans-serif"];
const BOLD = ["Inter SemiBold", "Inter", "sans-serif"];
const EMPTY = { type: "FeatureCollection", features: [] };
export const CREDIT =
  'Made with <a href="https://www.naturalearthdata.com">Natural Earth</a> · cities © <a href="https://www.geonames.org">GeoNames</a> (CC BY 4.0)';
export const ROADS_CREDIT =
  '© <a href="https://www.openstreetmap.org/copyright">OpenStreetMap contributors</a>';

/** @param {string} address */
export async function load(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return response.json();
}

/** @param {any} atlas TopoJSON @returns {{ land: any, borders: any }} */
export function shapes(atlas) {
  // @ts-expect-error a classic script puts it there
  const { feature, mesh } = topojson;
  const { land, countries } = atlas.objects;
  return {
    land: feature(atlas, land),
    borders: mesh(atlas, countries, (/** @type {any} */ a, /** @type {any} */ b) => a !== b),
  };
}

/** @param {[string, number, number, number][]} rows name, longitude, latitude, rank */
function points(rows) {
  return {
    type: "FeatureCollection",
    features: rows.map(([name, lon, lat, rank]) => ({
      type: "Feature",
      geometry: { type: "Point", coordinates: [lon, lat] },
      properties: { name, rank },
    })),
  };
}

function graticule() {
  const lines = [];
  for (let x = -180; x <= 180; x += 10)
    lines.push([
      [x, -85],
      [x, 85],
    ]); // prettier-ignore
  for (let y = -80; y <= 80; y += 10)
    lines.push([
      [-180, y],
      [180, y],
    ]); // prettier-ignore
  return { type: "MultiLineString", coordinates: lines };
}

/** @param {Files} files @returns {Promise<Record<string, any>>} sources */
export async function sources(files) {
  const [atlas, countries, cities] = await Promise.all(
    [files.countries50, files.labels, files.cities].map(load),
  );
  const { land, borders } = shapes(atlas);
  const source = (/** @type {any} */ data, /** @type {any} */ more = {}) => ({
    type: "geojson",
    data,
    maxzoom: 9,
    ...more,
  });
  return {
    land: source(land, { attribution: CREDIT }),
    borders: source(borders),
    graticule: source(graticule(), { maxzoom: 4 }),
    countries: source(points(countries)),
    cities: source(points(cities)),
    town: source(EMPTY, { maxzoom: 12 }),
    roads: source(EMPTY, { maxzoom: 14, tolerance: 0.3 }),
    past: source(EMPTY, { maxzoom: 14 }),
    trail: source(EMPTY, { maxzoom: 16, tolerance: 0 }),
  };
}

/** @param {...(number | string | any[])} stops */
const zoomed = (...stops) => ["interpolate", ["exponential", 1.5], ["zoom"], ...stops];
const big = ["<=", ["get", "c"], 2];

/** @param {Palette} p @returns {any[]} layers, bottom first */
export function layers(p) {
  return [...ground(p), ...streets(p), ...names(p), ...trail(p)];
}

/** @param {Palette} p */
function ground(p) {
  return [
    { id: "sea", type: "background", paint: { "background-color": p.sea } },
    {
      id: "graticule",
      type: "line",
      source: "graticule",
      maxzoom: 9,
      paint: { "line-color": p.graticule, "line-width": 0.7 },
    },
    { id: "land", type: "fill", source: "land", paint: { "fill-color": p.land } },
    { id: "coast", type: "line", source: "land", paint: { "line-color": p.coast, "line-width": 0.8 } },
    { id: "town", type: "fill", source: "town", minzoom: 8, paint: { "fill-color": p.town } },
    {
      id: "borders",
      type: "line",
      source: "borders",
      paint: { "line-color": p.border, "line-width": zoomed(2, 0.5, 6, 1.3), "line-dasharray": [3, 2] },
    },
  ];
}

/** @param {Palette} p */
function streets(p) {
  const round = { "line-cap": "round", "line-join": "round" };
  const small = { source: "roads", type: "line", layout: round };
  const width = (/** @type {number} */ extra) =>
    zoomed(
      9,
      ["match", ["get", "c"], 1, 1.2 + extra / 2, 2, 0.6, 3, 0.4, 0.1],
      12,
      ["match", ["get", "c"], 1, 3 + extra, 2, 1.8 + extra, 3, 1.7 + extra / 2, 4, 1.3, 5, 0.8, 0.35],
      15,
      [
        "match",
        ["get", "c"],
        1,
        7 + extra,
        2,
        5.5 + extra,
        3,
        6 + extra,
        4,
        5 + extra,
        5,
        4 + extra,
        1.6 + extra,
      ],
      18,
      [
        "match",
        ["get", "c"],
        1,
        24 + extra,
        2,
        18 + extra,
        3,
        20 + extra,
        4,
        18 + extra,
        5,
        15 + extra,
        7 + extra,
      ],
    ); // prettier-ignore
  const order = { ...round, "line-sort-key": ["-", 0, ["get", "c"]] };
  return [
    {
      ...small,
      id: "road-casing",
      minzoom: 11,
      layout: order,
      paint: { "line-color": ["case", big, p.bigCasing, p.casing], "line-width": width(1.4) },
    },
    {
      ...small,
      id: "road",
      minzoom: 8,
      layout: order,
      paint: { "line-color": ["case", big, p.big, p.road], "line-width": width(0) },
    },
  ];
}

/** @param {Palette} p */
function names(p) {
  const paint = (/** @type {string} */ colour) => ({
    "text-color": colour,
    "text-halo-color": p.halo,
    "text-halo-width": 1.3,
  });
  return [
    {
      id: "street-names",
      type: "symbol",
      source: "roads",
      minzoom: 12.5,
      filter: ["all", ["has", "n"], ["<=", ["get", "c"], ["step", ["zoom"], 3, 13.5, 4, 14.2, 6]]],
      layout: {
        "symbol-placement": "line",
        "symbol-spacing": 380,
        "text-field": ["get", "n"],
        "text-font": REGULAR,
        "text-size": zoomed(12, 10, 17, 13),
        "symbol-sort-key": ["get", "c"],
        "text-padding": 6,
      },
      paint: paint(p.street),
    },
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
      paint: paint(p.city),
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
      paint: { ...paint(p.text), "text-opacity": 0.85 },
    },
  ];
}

/** @param {Palette} p */
function trail(p) {
  return [
    {
      id: "past",
      type: "line",
      source: "past",
      layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": p.trail, "line-width": zoomed(9, 2, 16, 4), "line-opacity": 0.5 },
    },
    {
      id: "trail",
      type: "line",
      source: "trail",
      layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": p.trail, "line-width": zoomed(9, 2.5, 16, 5), "line-opacity": 0.75 },
    },
  ];
}
