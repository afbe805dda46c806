// @ts-check
// Where a vehicle was in the last hour, as the archive knows it.

export const HOUR_MS = 3_600_000;

/** @typedef {[number, number]} Point longitude, latitude */

/**
 * The fixes of a track, a list for each stretch without a gap.
 * @param {any} collection GeoJSON of the track
 * @returns {{ time: number, lon: number, lat: number }[][]}
 */
export function stretches(collection) {
  const line = collection.features.find((/** @type {any} */ { geometry }) =>
    geometry?.type.endsWith("LineString"),
  );
  if (!line) return [];
  const many = line.geometry.type === "MultiLineString";
  const parts = many ? line.geometry.coordinates : [line.geometry.coordinates];
  const times = many ? line.properties.coordTimes : [line.properties.coordTimes];
  return parts.map((/** @type {number[][]} */ part, /** @type {number} */ index) =>
    part.map(([lon, lat], at) => ({ time: Date.parse(times[index][at]), lon, lat })),
  );
}

/**
 * The lines of a track up to a time: where the page's own watching takes over.
 * @param {any} collection GeoJSON of the track @param {number} until milliseconds, included
 * @returns {Point[][]}
 */
export function lines(collection, until) {
  return stretches(collection)
    .map((part) => part.filter(({ time }) => time <= until))
    .filter((part) => part.length > 1)
    .map((part) => part.map(({ lon, lat }) => [lon, lat]));
}

/**
 * @param {string} address of the track @param {number} now server time
 * @returns {Promise<any>} GeoJSON; null when it cannot be had: a trail is not worth an error
 */
export async function lastHour(address, now) {
  const [from, to] = [now - HOUR_MS, now + 60_000].map((ms) => new Date(ms).toISOString());
  try {
    const response = await fetch(`${address}?${new URLSearchParams({ from, to })}`);
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}
