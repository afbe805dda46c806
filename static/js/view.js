// @ts-check
// Where the map looks first. Pure.

export const WIDE_DEG = 1.2; // a fleet wider than this is no town any more
const AROUND_DEG = 0.12;

/** @typedef {[number, number]} Point longitude, latitude */
/** @typedef {[Point, Point]} Box south-west, north-east */

/** @param {Point[]} points @returns {Box | null} */
export function box(points) {
  if (!points.length) return null;
  const lons = points.map(([lon]) => lon);
  const lats = points.map(([, lat]) => lat);
  return [
    [least(lons), least(lats)],
    [most(lons), most(lats)],
  ];
}

/**
 * The fleet, at street zoom: of one that is spread over a country, the part that has most neighbours.
 * @param {Point[]} points
 * @returns {Box | null}
 */
export function first(points) {
  const all = box(points);
  if (!all || (all[1][0] - all[0][0] < WIDE_DEG && all[1][1] - all[0][1] < WIDE_DEG)) return all;
  const cells = new Map();
  for (const point of points) {
    const cell = `${Math.floor(point[0] / WIDE_DEG)},${Math.floor(point[1] / WIDE_DEG)}`;
    cells.set(cell, [...(cells.get(cell) ?? []), point]);
  }
  const [crowd] = [...cells.values()].sort((a, b) => b.length - a.length);
  const lon = middle(crowd.map((/** @type {Point} */ [x]) => x));
  const lat = middle(crowd.map((/** @type {Point} */ [, y]) => y));
  return [
    [lon - AROUND_DEG, lat - AROUND_DEG / 2],
    [lon + AROUND_DEG, lat + AROUND_DEG / 2],
  ];
}

/** @param {number[]} values */
const least = (values) => values.reduce((a, b) => Math.min(a, b));
/** @param {number[]} values */
const most = (values) => values.reduce((a, b) => Math.max(a, b));
/** @param {number[]} values */
const middle = (values) => values.sort((a, b) => a - b)[values.length >> 1];
