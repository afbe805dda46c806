// @ts-check
// Where to draw a position on maps that are not in WGS 84. Pure.
//
// Maps of mainland China must be in GCJ-02, which moves every point by 100 to 700 metres. The formula
// is not published by the authority; this is the one that everybody uses (after the eviltransform project).

/** @typedef {"wgs84" | "gcj02"} Datum */
/** @typedef {[number, number]} Point longitude, latitude */

const AXIS_M = 6_378_245; // Krasovsky's ellipsoid
const ECCENTRICITY = 0.006_693_421_622_965_943;
const WEST = 72.004;
const EAST = 137.8347;
const SOUTH = 0.8293;
const NORTH = 55.8271;
const ROUNDS = 4; // each makes the way back about a thousand times more exact

/** Whether GCJ-02 differs here; the usual box around China. @param {number} lon @param {number} lat */
export const shifted = (lon, lat) => lon >= WEST && lon <= EAST && lat >= SOUTH && lat <= NORTH;

/** WGS 84 → the map's datum. @param {Datum} datum @param {number} lon @param {number} lat @returns {Point} */
export function shown(datum, lon, lat) {
  return datum === "gcj02" && shifted(lon, lat) ? moved(lon, lat) : [lon, lat];
}

/** The map's datum → WGS 84. @param {Datum} datum @param {number} lon @param {number} lat @returns {Point} */
export function real(datum, lon, lat) {
  if (datum !== "gcj02" || !shifted(lon, lat)) return [lon, lat];
  let [x, y] = [lon, lat];
  for (let round = 0; round < ROUNDS; round++) {
    const [mx, my] = moved(x, y);
    x += lon - mx;
    y += lat - my;
  }
  return [x, y];
}

/** @param {number} lon @param {number} lat @returns {Point} */
function moved(lon, lat) {
  const x = lon - 105;
  const y = lat - 35;
  const waves = 20 * Math.sin(6 * x * Math.PI) + 20 * Math.sin(2 * x * Math.PI);
  const north =
    -100 +
    2 * x +
    3 * y +
    0.2 * y * y +
    0.1 * x * y +
    0.2 * Math.sqrt(Math.abs(x)) +
    (2 / 3) *
      (waves + ripples(y, 20, 40) + 160 * Math.sin((y / 12) * Math.PI) + 320 * Math.sin((y * Math.PI) / 30)); // prettier-ignore
  const east =
    300 +
    x +
    2 * y +
    0.1 * x * x +
    0.1 * x * y +
    0.1 * Math.sqrt(Math.abs(x)) +
    (2 / 3) *
      (waves + ripples(x, 20, 40) + 150 * Math.sin((x / 12) * Math.PI) + 300 * Math.sin((x / 30) * Math.PI)); // prettier-ignore
  const phi = (lat * Math.PI) / 180;
  const magic = 1 - ECCENTRICITY * Math.sin(phi) ** 2;
  const metresNorth = ((AXIS_M * (1 - ECCENTRICITY)) / (magic * Math.sqrt(magic)) / 180) * Math.PI;
  const metresEast = ((AXIS_M / Math.sqrt(magic)) * Math.cos(phi) * Math.PI) / 180;
  return [lon + east / metresEast, lat + north / metresNorth];
}

/** @param {number} v @param {number} a @param {number} b */
const ripples = (v, a, b) => a * Math.sin(v * Math.PI) + b * Math.sin((v / 3) * Math.PI);
