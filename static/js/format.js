// @ts-check
// Numbers as people read them.

const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

/** @param {number} metresPerSecond */
export function speed(metresPerSecond) {
  return Number.isFinite(metresPerSecond) ? `${Math.round(metresPerSecond * 3.6)} km/h` : "";
}

/** "now", "12 s", "5 min", "3 h", "2 d". @param {number} ms */
export function age(ms) {
  if (!Number.isFinite(ms)) return "";
  const seconds = Math.floor(ms / 1000);
  if (seconds < 1) return "now";
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** @param {number} ms */
export function ago(ms) {
  const words = age(ms);
  return words === "now" || words === "" ? words : `${words} ago`;
}

/** @param {number} degrees clockwise from north */
export function compass(degrees) {
  if (!Number.isFinite(degrees)) return "";
  return ["N", "NE", "E", "SE", "S", "SW", "W", "NW"][Math.round(degrees / 45) & 7];
}

/** @param {number} ms since the epoch; on the reader's clock */
export function time(ms) {
  return clock.format(ms);
}

/** "1,204". @param {number} number */
export function count(number) {
  return number.toLocaleString("en");
}

/** "0.4 s". @param {number} ms */
export function delay(ms) {
  return ms < 9950 ? `${(ms / 1000).toFixed(1)} s` : age(ms);
}
