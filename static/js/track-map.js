// @ts-check
// Tracks on the map: coloured lines, hints over silences, numbered stops, and the fix that is looked at.

import { mercator } from "./glide.js";
import { REGULAR, zoomed } from "./map-names.js";
import { speedColours } from "./speed-scale.js";
import { Viewport } from "./viewport.js";

/** @typedef {import("./track.js").Track} Track */
/** @typedef {[number, number]} Point longitude, latitude */
/**
 * @typedef {object} Look
 * @property {"speed" | "vehicle"} by what the lines are coloured by
 * @property {number[]} bounds of speeds, metres/second
 * @property {(index: number) => string} colour of a vehicle @property {boolean} several vehicles
 * @property {import("./palette.js").Palette} palette
 * @property {"light" | "dark"} scheme
 */

const EMPTY = { type: "FeatureCollection", features: [] };
const SOURCES = ["track", "track-hints", "track-stops", "track-fix"];
const BELOW = "vehicles"; // the layer of the markers
const RADIUS = 9;
const RADIUS_CHOSEN = 12; // and of those whose number has three digits

/** @param {any} geometry @param {any} [properties] */
const feature = (geometry, properties = {}) => ({ type: "Feature", geometry, properties });
/** @param {any[]} features */
const collection = (features) => ({ type: "FeatureCollection", features });

export class TrackMap {
  #map;
  #place;
  /** @type {Track[]} */
  #tracks = [];
  /** @type {Look | null} */
  #look = null;
  #chosen = "";
  /** @type {Map<Track, { x: Float64Array, y: Float64Array }>} */
  #drawn = new Map();
  /** What each source shows: another style of the map has none of it. @type {Map<string, any>} */
  #data = new Map(SOURCES.map((name) => [name, EMPTY]));

  /** @param {any} map MapLibre's @param {(lon: number, lat: number) => Point} place where a position is drawn */
  constructor(map, place) {
    this.#map = map;
    this.#place = place;
  }

  /** @param {Track[]} tracks @param {Look} look */
  show(tracks, look) {
    this.#tracks = tracks;
    this.#look = look;
    this.restore();
  }

  /** Draw all of it, also after the map's style was another. */
  restore() {
    const look = this.#look;
    // While another style is on its way the map has none; it says when it has come.
    if (!look || !this.#map.getStyle()) return;
    for (const name of SOURCES)
      if (!this.#map.getSource(name))
        this.#map.addSource(name, { type: "geojson", data: EMPTY, maxzoom: 16, tolerance: 0.2 });
    for (const layer of layers(look)) {
      if (this.#map.getLayer(layer.id)) this.#map.removeLayer(layer.id);
      this.#map.addLayer(layer, this.#map.getLayer(BELOW) ? BELOW : undefined);
    }
    this.#drawn = new Map(this.#tracks.map((track) => [track, this.#squared(track)]));
    const moved = (/** @type {Point[]} */ line) => line.map(([lon, lat]) => this.#place(lon, lat));
    this.#set(
      "track",
      this.#tracks.flatMap((track, index) =>
        track
          .pieces(look.by === "speed" ? look.bounds : [])
          .map(({ bin, line }) =>
            feature(
              { type: "LineString", coordinates: moved(line) },
              { colour: look.by === "speed" ? colourOf(bin, look) : look.colour(index) },
            ),
          ),
      ),
    );
    this.#set(
      "track-hints",
      this.#tracks.flatMap((track) =>
        track.hints().map((line) => feature({ type: "LineString", coordinates: moved(line) })),
      ),
    );
    this.#set(
      "track-stops",
      this.#tracks.flatMap((track, index) =>
        track.stops.map(({ lat, lon }, at) =>
          feature(
            { type: "Point", coordinates: this.#place(lon, lat) },
            { number: String(at + 1), key: `${track.id}/${at}`, colour: look.colour(index) },
          ),
        ),
      ),
    );
    this.mark(this.#chosen);
  }

  /** Let a stop stand out. @param {string} key of it: vehicle's id / index */
  mark(key) {
    this.#chosen = key;
    if (this.#map.getLayer("track-stops"))
      this.#map.setPaintProperty("track-stops", "circle-radius", radius(key));
  }

  /** Ring the fixes that are looked at. @param {{ lon: number, lat: number }[]} places */
  ring(places) {
    this.#set(
      "track-fix",
      places.map(({ lon, lat }) => feature({ type: "Point", coordinates: this.#place(lon, lat) })),
    );
  }

  /**
   * The fix drawn nearest to a pixel.
   * @param {{ x: number, y: number }} point @param {number} reach pixels
   * @returns {{ track: Track, index: number } | null}
   */
  nearest(point, reach) {
    const view = Viewport.of(this.#map);
    let best = reach ** 2;
    let found = null;
    for (const track of this.#tracks) {
      const { x, y } = this.#drawn.get(track) ?? { x: [], y: [] };
      for (let i = 0; i < track.length; i++) {
        const across = view.left(x[i]) - point.x;
        if (across > reach || across < -reach) continue;
        const far = across ** 2 + (view.top(y[i]) - point.y) ** 2;
        if (far <= best) [best, found] = [far, { track, index: i }];
      }
    }
    return found;
  }

  /** Where its fixes are on the Mercator square. @param {Track} track */
  #squared(track) {
    const [x, y] = [new Float64Array(track.length), new Float64Array(track.length)];
    for (let i = 0; i < track.length; i++)
      [x[i], y[i]] = mercator(...this.#place(track.lon[i], track.lat[i]));
    return { x, y };
  }

  /** The stop under a pixel; "" for none. @param {{ x: number, y: number }} point */
  stopAt({ x, y }) {
    if (!this.#map.getLayer("track-stops")) return "";
    const around = [
      [x - 6, y - 6],
      [x + 6, y + 6],
    ];
    return this.#map.queryRenderedFeatures(around, { layers: ["track-stops"] })[0]?.properties.key ?? "";
  }

  /** @param {string} name @param {any[]} features */
  #set(name, features) {
    const data = collection(features);
    if (!features.length && !this.#data.get(name).features.length) return;
    this.#data.set(name, data);
    this.#map.getSource(name)?.setData(data);
  }
}

/** Of a stop's disc, pixels. @param {string} chosen key of the one that stands out */
const radius = (chosen) => [
  "case",
  ["any", ["==", ["get", "key"], chosen], [">", ["length", ["get", "number"]], 2]],
  RADIUS_CHOSEN,
  RADIUS,
];

/** @param {number} bin @param {Look} look */
function colourOf(bin, { scheme, palette }) {
  return bin < 0 ? palette.trail : speedColours(scheme)[bin];
}

/** @param {Look} look @returns {any[]} bottom first */
function layers({ palette: p, several }) {
  const round = { "line-cap": "round", "line-join": "round" };
  return [
    {
      id: "track-hints",
      type: "line",
      source: "track-hints",
      paint: {
        "line-color": p.label,
        "line-width": 1.5,
        "line-opacity": 0.55,
        "line-dasharray": [1.5, 2.5],
      },
    },
    {
      id: "track-casing",
      type: "line",
      source: "track",
      layout: round,
      paint: { "line-color": p.outline, "line-width": zoomed(8, 4.5, 14, 7, 18, 12), "line-opacity": 0.9 },
    },
    {
      id: "track",
      type: "line",
      source: "track",
      layout: round,
      paint: { "line-color": ["get", "colour"], "line-width": zoomed(8, 2.5, 14, 4, 18, 8) },
    },
    {
      id: "track-stops",
      type: "circle",
      source: "track-stops",
      // Of stops at one place the first is on top, and only its number is written.
      layout: { "circle-sort-key": ["-", 0, ["to-number", ["get", "number"]]] },
      paint: {
        "circle-radius": radius(""),
        "circle-color": several ? ["get", "colour"] : p.label,
        "circle-stroke-width": 2,
        "circle-stroke-color": p.outline,
      },
    },
    {
      id: "track-numbers",
      type: "symbol",
      source: "track-stops",
      layout: {
        "text-field": ["get", "number"],
        "text-font": REGULAR,
        "text-size": 11,
        "text-padding": 0,
        "symbol-sort-key": ["to-number", ["get", "number"]],
      },
      paint: { "text-color": p.outline },
    },
    {
      id: "track-fix",
      type: "circle",
      source: "track-fix",
      paint: {
        "circle-radius": 7,
        "circle-color": "rgba(0,0,0,0)",
        "circle-stroke-width": 3,
        "circle-stroke-color": p.selected,
      },
    },
  ];
}

/** The box around tracks, in WGS 84. @param {Track[]} tracks @returns {[Point, Point] | null} */
export function box(tracks) {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const track of tracks) {
    const first = track.lon[0];
    for (let i = 0; i < track.length; i++) {
      const lon = track.lon[i] + 360 * Math.round((first - track.lon[i]) / 360); // by the side of the first
      west = Math.min(west, lon);
      east = Math.max(east, lon);
      south = Math.min(south, track.lat[i]);
      north = Math.max(north, track.lat[i]);
    }
  }
  return west <= east
    ? [
        [west, south],
        [east, north],
      ]
    : null; // prettier-ignore
}
