// @ts-check
// The two usual kinds of vector tiles in the colours of the built-in map.

import { ALONG, REGULAR, written, zoomed } from "./map-names.js";

/** @typedef {import("./palette.js").Palette} Palette */
/** @typedef {"protomaps" | "openmaptiles"} Schema */

const LEAST_ZOOM = 6; // farther away the world's own coasts are enough
const NAMES_ZOOM = 12.5;

/** How each kind calls its layers and properties. */
const SCHEMAS = {
  protomaps: {
    land: "earth",
    green: [
      "landuse",
      [
        "in",
        ["get", "kind"],
        ["literal", ["park", "forest", "wood", "grass", "nature_reserve", "cemetery", "golf_course"]],
      ],
    ],
    built: [
      "landuse",
      ["in", ["get", "kind"], ["literal", ["residential", "commercial", "industrial", "urban_area"]]],
    ],
    water: "water",
    buildings: "buildings",
    roads: "roads",
    rank: [
      "match",
      ["get", "kind"],
      "highway",
      1,
      "major_road",
      2,
      "medium_road",
      3,
      "minor_road",
      5,
      "other",
      6,
      9,
    ],
    names: "roads",
    name: ["get", "name"],
    places: "places",
    town: ["in", ["get", "kind"], ["literal", ["locality", "neighbourhood", "macrohood"]]],
  },
  openmaptiles: {
    land: null,
    green: ["landcover", ["in", ["get", "class"], ["literal", ["wood", "grass", "wetland"]]]],
    built: ["landuse", ["in", ["get", "class"], ["literal", ["residential", "commercial", "industrial"]]]],
    water: "water",
    buildings: "building",
    roads: "transportation",
    rank: [
      "match",
      ["get", "class"],
      ["motorway", "trunk"],
      1,
      "primary",
      2,
      "secondary",
      3,
      "tertiary",
      4,
      "minor",
      5,
      ["service", "track"],
      6,
      9,
    ],
    names: "transportation_name",
    name: ["coalesce", ["get", "name:latin"], ["get", "name"]],
    places: "place",
    town: ["in", ["get", "class"], ["literal", ["city", "town", "village", "suburb", "neighbourhood"]]],
  },
}; // prettier-ignore

/**
 * @param {Palette} p @param {{ name: string, schema?: Schema }} town
 * @returns {{ areas: any[], lines: any[], names: any[] }}
 */
export function tileLayers(p, { name, schema = "protomaps" }) {
  const of = SCHEMAS[schema];
  const layer = (/** @type {string} */ id, /** @type {string} */ type, /** @type {string} */ from) => ({
    id: `${id}:${name}`,
    type,
    source: `tiles:${name}`,
    "source-layer": from,
    minzoom: LEAST_ZOOM,
  });
  const fill = (/** @type {string} */ id, /** @type {string} */ from, /** @type {string} */ colour) => ({
    ...layer(id, "fill", from),
    paint: { "fill-color": colour },
  });
  const polygons = ["==", ["geometry-type"], "Polygon"];
  const [green, isGreen] = /** @type {[string, any]} */ (of.green);
  const [built, isBuilt] = /** @type {[string, any]} */ (of.built);
  const areas = [
    ...(of.land ? [{ ...fill("tiles-land", of.land, p.land), filter: polygons }] : []),
    { ...fill("tiles-built", built, p.town), filter: isBuilt },
    { ...fill("tiles-green", green, p.green), filter: isGreen },
    { ...fill("tiles-water", of.water, p.sea), filter: polygons },
    { ...fill("tiles-buildings", of.buildings, p.building), minzoom: 14 },
  ];
  return { areas, lines: roads(p, of, layer), names: names(p, of, layer) };
}

/** @param {Palette} p @param {any} of @param {(id: string, type: string, from: string) => any} layer */
function roads(p, of, layer) {
  const round = { "line-cap": "round", "line-join": "round", "line-sort-key": ["-", 0, of.rank] };
  const filter = [
    "all",
    ["==", ["geometry-type"], "LineString"],
    ["<=", of.rank, ["step", ["zoom"], 2, 9, 3, 11, 5, 13, 6]],
  ];
  const width = (/** @type {number} */ more) =>
    zoomed(
      8,
      ["match", of.rank, 1, 1.2 + more / 2, 2, 0.6, 0.2],
      12,
      ["match", of.rank, 1, 3 + more, 2, 2 + more, 3, 1.7 + more / 2, 0.9],
      15,
      ["match", of.rank, 1, 7 + more, 2, 6 + more, 3, 6 + more, 6, 1.6 + more, 4 + more],
      18,
      ["match", of.rank, 1, 24 + more, 2, 20 + more, 3, 20 + more, 6, 7 + more, 16 + more],
    ); // prettier-ignore
  const big = ["<=", of.rank, 2];
  const colour = (/** @type {string} */ main, /** @type {string} */ small) => ["case", big, main, small];
  return [
    {
      ...layer("tiles-casing", "line", of.roads),
      minzoom: 11,
      filter,
      layout: round,
      paint: { "line-color": colour(p.bigCasing, p.casing), "line-width": width(1.4) },
    },
    {
      ...layer("tiles-road", "line", of.roads),
      minzoom: 8,
      filter,
      layout: round,
      paint: { "line-color": colour(p.big, p.road), "line-width": width(0) },
    },
  ];
}

/** @param {Palette} p @param {any} of @param {(id: string, type: string, from: string) => any} layer */
function names(p, of, layer) {
  return [
    {
      ...layer("tiles-street-names", "symbol", of.names),
      minzoom: NAMES_ZOOM,
      filter: ["all", ["has", "name"], ["<=", of.rank, ["step", ["zoom"], 3, 14, 5, 15, 6]]],
      layout: { ...ALONG, "text-field": of.name },
      paint: written(p, p.street),
    },
    {
      ...layer("tiles-places", "symbol", of.places),
      minzoom: 11,
      filter: of.town,
      layout: { "text-field": of.name, "text-font": REGULAR, "text-size": 11.5, "text-padding": 4 },
      paint: written(p, p.city),
    },
  ];
}
