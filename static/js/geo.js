// @ts-check
// Geometry on the globe. Pure.

const EARTH_M = 6_371_008.8;
const RADIANS = Math.PI / 180;

/** Metres between two places (haversine). @param {number} lat @param {number} lon @param {number} lat2 @param {number} lon2 degrees */
export function metres(lat, lon, lat2, lon2) {
  const north = Math.sin(((lat2 - lat) * RADIANS) / 2);
  const east = Math.sin(((lon2 - lon) * RADIANS) / 2);
  const a = north * north + Math.cos(lat * RADIANS) * Math.cos(lat2 * RADIANS) * east * east;
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(a)));
}
