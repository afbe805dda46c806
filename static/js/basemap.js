// @ts-check
/* global topojson */
// The map under the vehicles: Natural Earth, GeoNames, and streets where they are installed.
// No glyphs and no sprites: text is drawn from the page's own font.

import { t } from "./i18n.js";
import { streetNames, worldNames, zoomed } from "./map-names.js";
import { tileLayers } from "./town-layers.js";

/** @typedef {import("./palette.js").Palette} Palette */
/** @typedef {{ countries50: string, countries10: string, labels: string, cities: string, roads: string, town: string, index: string }} Files */
/**
 * @typedef {object} Town streets of a place
 * @property {string} name @property {number[]} bounds west, south, east, north
 * @property {string} [roads] address of its GeoJSON @property {string} [town] the same of its built-up area
 * @property {string} [tiles] address of its PMTiles @property {import("./town-layers.js").Schema} [schema] of those
 * @property {string} credit HTML
 */

const EMPTY = { type: "FeatureCollection", features: [] };
export const CREDIT = t("Made with {earth} · cities © {cities} (CC BY 4.0)", {
  earth: '<a href="https://www.naturalearthdata.com">Natural Earth</a>',
  cities: '<a href="https://www.geonames.org">GeoNames</a>',
});
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

/** @param {any} data @param {any} more */
const source = (data, more = {}) => ({ type: "geojson", data, maxzoom: 9, ...more });

/** What does not change with the style, read once. @param {Files} files @returns {Promise<Record<string, any>>} sources */
export async function world(files) {
  const [atlas, countries, cities] = await Promise.all(
    [files.countries50, files.labels, files.cities].map(load),
  );
  const { land, borders } = shapes(atlas);
  return {
    land: source(land, { attribution: CREDIT }),
    borders: source(borders),
    graticule: source(graticule(), { maxzoom: 4 }),
    countries: source(points(countries)),
    cities: source(points(cities)),
  };
}

/** @param {Town[]} towns @returns {Record<string, any>} sources; streets are fetched when they come into view */
function townSources(towns) {
  /** @type {Record<string, any>} */
  const made = {};
  for (const { name, tiles, credit } of towns) {
    if (tiles) made[`tiles:${name}`] = { type: "vector", url: `pmtiles://${tiles}`, attribution: credit };
    else {
      made[`town:${name}`] = source(EMPTY, { maxzoom: 12 });
      made[`roads:${name}`] = source(EMPTY, { maxzoom: 14, tolerance: 0.3, attribution: credit });
    }
  }
  return made;
}

/** What lies over every style, and under the vehicles. */
function overlaySources() {
  return {
    past: source(EMPTY, { maxzoom: 14 }),
    trails: source(EMPTY, { maxzoom: 16, tolerance: 0 }),
    trail: source(EMPTY, { maxzoom: 16, tolerance: 0 }),
  };
}

const big = ["<=", ["get", "c"], 2];

/**
 * @typedef {object} World
 * @property {Record<string, any>} sources that every built-in style has @property {Town[]} towns
 */

/**
 * The style without a server; `over` names the sources that are over every other style too.
 * @param {World} world @param {Palette} p
 */
export function builtIn({ sources, towns }, p) {
  const over = overlaySources();
  return {
    version: 8,
    sources: { ...sources, ...townSources(towns), ...over },
    layers: [...layers(p, towns), ...overlays(p)],
    over,
  };
}

/** @param {Palette} p @param {Town[]} towns @returns {any[]} layers, bottom first */
function layers(p, towns) {
  const drawn = towns.filter(({ tiles }) => !tiles).map(({ name }) => name);
  const tiled = towns.filter(({ tiles }) => tiles).map((town) => tileLayers(p, town));
  return [
    ...ground(p),
    ...tiled.flatMap(({ areas }) => areas),
    ...drawn.map((name) => ({
      id: `town:${name}`,
      type: "fill",
      source: `town:${name}`,
      minzoom: 8,
      paint: { "fill-color": p.town },
    })),
    borders(p),
    ...drawn.flatMap((name) => streets(p, name)),
    ...tiled.flatMap(({ lines }) => lines),
    ...tiled.flatMap(({ names }) => names),
    ...drawn.map((name) => streetNames(p, name)),
    ...worldNames(p),
  ];
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
  ];
}

/** @param {Palette} p */
function borders(p) {
  return {
    id: "borders",
    type: "line",
    source: "borders",
    paint: { "line-color": p.border, "line-width": zoomed(2, 0.5, 6, 1.3), "line-dasharray": [3, 2] },
  };
}

/** @param {Palette} p @param {string} town */
function streets(p, town) {
  const round = { "line-cap": "round", "line-join": "round" };
  const small = { source: `roads:${town}`, type: "line", layout: round };
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
      id: `road-casing:${town}`,
      minzoom: 11,
      layout: order,
      paint: { "line-color": ["case", big, p.bigCasing, p.casing], "line-width": width(1.4) },
    },
    {
      ...small,
      id: `road:${town}`,
      minzoom: 8,
      layout: order,
      paint: { "line-color": ["case", big, p.big, p.road], "line-width": width(0) },
    },
  ];
}

/** Where vehicles were, over every style. @param {Palette} p @returns {any[]} */
function overlays(p) {
  const line = (/** @type {string} */ id, /** @type {any} */ width, /** @type {number} */ opacity) => ({
    id,
    type: "line",
    source: id,
    layout: { "line-cap": "round", "line-join": "round" },
    paint: { "line-color": p.trail, "line-width": width, "line-opacity": opacity },
  });
  return [
    line("past", zoomed(9, 2, 16, 4), 0.5),
    line("trails", zoomed(9, 1.5, 16, 3), 0.4),
    line("trail", zoomed(9, 2.5, 16, 5), 0.75),
  ];
}
