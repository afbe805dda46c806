// @ts-check
// What state a vehicle is in. tracking/states.py says the same; tests/protocol/states.json checks both.

/** @typedef {"alarm"|"moving"|"idle"|"stopped"|"offline"|"never"} State */
/** @typedef {{time: number, lat: number, lon: number, speed: number|null, accuracy: number|null}} Fix */
/**
 * What of a vehicle decides its state. Times in ms, speed in m/s; `lastMoved` is the time of the last fix
 * that showed movement, null when none was seen.
 * @typedef {{time: number|null, speed: number|null, ignition: boolean|null, lastMoved: number|null, alerts: number}} Facts
 */

export const MOVING_SPEED = 1.5; // m/s
export const MOVED_M = 30;
export const MOVED_MS = 60_000;
const STILL_MS = 60_000;
const IDLE_MS = 5 * 60_000;
const SILENT_ACTIVE_MS = 10 * 60_000;
const SILENT_STOPPED_MS = 26 * 3_600_000;
const MIN_INTERVAL_S = 5;
const MAX_INTERVAL_S = 3600;
const EARTH_M = 6_371_008.8;

/** From what is drawn on top and listed first to what is drawn below. @type {State[]} */
export const ORDER = ["alarm", "moving", "idle", "stopped", "offline", "never"];
export const STATES = ORDER;

/** @type {Record<State, number>} */
export const RANK = { alarm: 0, moving: 1, idle: 2, stopped: 3, offline: 4, never: 5 };

/** @type {Record<State, string>} */
export const LABEL = {
  alarm: "Alarm",
  moving: "Moving",
  idle: "Idle",
  stopped: "Stopped",
  offline: "Offline",
  never: "No position yet",
};

/** @param {Facts} v @param {number} now ms, server time @returns {State} */
export function stateOf(v, now) {
  if (v.alerts > 0) return "alarm";
  if (v.time === null) return "never";
  const activity = activityOf(v, now);
  const silent = activity === "stopped" ? SILENT_STOPPED_MS : SILENT_ACTIVE_MS;
  return now - v.time > silent ? "offline" : activity;
}

/** @param {Facts} v @param {number} now @returns {"moving"|"idle"|"stopped"} */
function activityOf(v, now) {
  const inMotion = v.speed === null ? v.lastMoved !== null && v.lastMoved === v.time : v.speed >= MOVING_SPEED;
  if (inMotion) return "moving";
  const still = v.lastMoved === null ? Number.POSITIVE_INFINITY : now - v.lastMoved;
  // A halt at a traffic light is part of driving.
  if (v.ignition === true) return still < STILL_MS ? "moving" : "idle";
  if (v.ignition === null && still <= IDLE_MS) return "idle";
  return "stopped";
}

/**
 * Whether the newest fix is older than twice the expected interval (s; null: not known, the longest).
 * @param {{time: number|null, interval: number|null}} v @param {number} now
 */
export function isStale(v, now) {
  if (v.time === null) return false;
  return now - v.time > 2000 * expected(v.interval ?? MAX_INTERVAL_S);
}

/** Keep an interval (s) within what is expected of any device. @param {number} seconds */
export function expected(seconds) {
  return Math.min(Math.max(seconds, MIN_INTERVAL_S), MAX_INTERVAL_S);
}

/**
 * Whether a fix shows movement: by its speed, or without one by more than 30 m in 60 s, beyond the accuracy,
 * from an earlier fix. Over a longer gap the same rate counts.
 * @param {Fix[]} earlier @param {Fix} fix
 */
export function showsMovement(earlier, fix) {
  if (fix.speed !== null) return fix.speed >= MOVING_SPEED;
  return earlier.some((before) => {
    const least = MOVED_M * Math.max(1, (fix.time - before.time) / MOVED_MS);
    return metres(before, fix) - Math.max(before.accuracy ?? 0, fix.accuracy ?? 0) > least;
  });
}

/** Great-circle distance (haversine), m. @param {{lat: number, lon: number}} a @param {{lat: number, lon: number}} b */
export function metres(a, b) {
  const rad = Math.PI / 180;
  const h =
    Math.sin(((b.lat - a.lat) * rad) / 2) ** 2 +
    Math.cos(a.lat * rad) * Math.cos(b.lat * rad) * Math.sin(((b.lon - a.lon) * rad) / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(h)));
}
