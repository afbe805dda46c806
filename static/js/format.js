// @ts-check
// Numbers as people read them.

const POINTS = ["N", "NE", "E", "SE", "S", "SW", "W", "NW"];
const pad = (/** @type {number} */ n) => String(n).padStart(2, "0");

/** @param {number|null} metresPerSecond */
export function speed(metresPerSecond) {
  return metresPerSecond === null ? "" : `${Math.round(metresPerSecond * 3.6)} km/h`;
}

/** How long ago, from milliseconds; a clock that runs ahead is "now". @param {number} ms */
export function age(ms) {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 2) return "now";
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** HH:MM:SS on the reader's clock. @param {number} ms since the epoch */
export function clock(ms) {
  const time = new Date(ms);
  return `${pad(time.getHours())}:${pad(time.getMinutes())}:${pad(time.getSeconds())}`;
}

/** One of eight points. @param {number|null} degrees clockwise from true north */
export function compass(degrees) {
  return degrees === null ? "" : POINTS[((Math.round(degrees / 45) % 8) + 8) % 8];
}

/** @param {number} metres */
export function distance(metres) {
  if (metres < 995) return `${Math.round(metres)} m`;
  if (metres < 99_950) return `${(metres / 1000).toFixed(1)} km`;
  return `${Math.round(metres / 1000).toLocaleString("en")} km`;
}
