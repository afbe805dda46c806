// @ts-check
// What a vehicle is doing. The same table as tracking/states.py: tests/protocol/states.json.

import { t } from "./i18n.js";

/** By rank: what comes first is drawn on top. */
export const STATES = /** @type {const} */ (["alarm", "moving", "idle", "stopped", "offline", "never"]);

/** @typedef {typeof STATES[number]} State */

/** Their places in STATES. */
export const [ALARM, MOVING, IDLE, STOPPED, OFFLINE, NEVER] = STATES.keys();

/** @type {Record<State, string>} */
export const WORDS = {
  alarm: t("Alarm"),
  moving: t("Moving"),
  idle: t("Idle"),
  stopped: t("Stopped"),
  offline: t("Offline"),
  never: t("No position yet"),
};

export const MOVING_MS = 1.5; // metres/second
export const MOVED_M = 30; // beyond the accuracy: further is movement
export const STILL_MS = 60_000; // a red light is no stop
export const IDLE_MS = 5 * 60_000; // without an ignition signal, how long after moving
export const SILENT_MOVING_MS = 10 * 60_000; // a fleet may say otherwise, of both
export const SILENT_STOPPED_MS = 26 * 3_600_000;
export const LEAST_INTERVAL_S = 5;
export const MOST_INTERVAL_S = 3600;

/**
 * @typedef {object} Known of a vehicle; NaN or null is unknown
 * @property {number} alerts open ones
 * @property {number} time of the newest fix, milliseconds
 * @property {number} speed metres/second
 * @property {boolean | null} ignition
 * @property {number} moved time of the newest fix that was movement
 * @property {number} [silentMoving] milliseconds of silence that make it offline: after moving or idle
 * @property {number} [silentStopped] and after stopped
 */

/** @param {Known} known @param {number} now @returns {State} */
export function state(known, now) {
  const {
    alerts,
    time,
    speed,
    moved,
    silentMoving = SILENT_MOVING_MS,
    silentStopped = SILENT_STOPPED_MS,
  } = known;
  const ignition = known.ignition === null ? -1 : Number(known.ignition);
  return STATES[judge(alerts, time, speed, ignition, moved, silentMoving, silentStopped, now)];
}

/**
 * The same of plain numbers: 50 000 vehicles are judged several times a second.
 * @param {number} alerts @param {number} time @param {number} speed
 * @param {number} ignition 1 on, 0 off, -1 unknown
 * @param {number} moved @param {number} silentMoving @param {number} silentStopped @param {number} now
 * @returns {number} its place in STATES
 */
export function judge(alerts, time, speed, ignition, moved, silentMoving, silentStopped, now) {
  if (alerts > 0) return ALARM;
  if (!Number.isFinite(time)) return NEVER;
  const doing = activity(time, speed, ignition, moved, now);
  return now - time > (doing === STOPPED ? silentStopped : silentMoving) ? OFFLINE : doing;
}

/** @param {number} time @param {number} speed @param {number} ignition @param {number} moved @param {number} now */
function activity(time, speed, ignition, moved, now) {
  if (speed >= MOVING_MS) return MOVING;
  const unsure = Number.isNaN(speed) || ignition === 1;
  if (unsure && now - moved < STILL_MS) return MOVING;
  if (ignition === 1) return IDLE;
  return ignition === -1 && time - moved < IDLE_MS ? IDLE : STOPPED;
}

/** Whether a fix is overdue. @param {number} time @param {number} interval seconds, NaN unknown @param {number} now */
export function stale(time, interval, now) {
  return now - time > 2000 * interval;
}

const GAPS = 5;
const sorted = new Float64Array(GAPS);

/**
 * The seconds to expect between fixes; asked at each of them, so without garbage.
 * @param {ArrayLike<number>} gaps seconds; the last ones count
 * @param {number} [at] where they begin @param {number} [n] how many
 */
export function expected(gaps, at = Math.max(0, gaps.length - GAPS), n = gaps.length - at) {
  if (!n) return Number.NaN;
  for (let i = 0; i < n; i++) {
    const gap = gaps[at + i];
    let to = i;
    for (; to > 0 && sorted[to - 1] > gap; to--) sorted[to] = sorted[to - 1];
    sorted[to] = gap;
  }
  const half = n >> 1;
  const median = n % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  return Math.min(MOST_INTERVAL_S, Math.max(LEAST_INTERVAL_S, median));
}
