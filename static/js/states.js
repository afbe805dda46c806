// @ts-check
// What a vehicle is doing. The same table as tracking/states.py: tests/protocol/states.json.

import { t } from "./i18n.js";

/** By rank: what comes first is drawn on top. */
export const STATES = /** @type {const} */ (["alarm", "moving", "idle", "stopped", "offline", "never"]);

/** @typedef {typeof STATES[number]} State */

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
  if (known.alerts > 0) return "alarm";
  if (!Number.isFinite(known.time)) return "never";
  const doing = activity(known, now);
  const { silentMoving = SILENT_MOVING_MS, silentStopped = SILENT_STOPPED_MS } = known;
  const silence = doing === "stopped" ? silentStopped : silentMoving;
  return now - known.time > silence ? "offline" : doing;
}

/** @param {Known} known @param {number} now @returns {"moving" | "idle" | "stopped"} */
function activity(known, now) {
  if (known.speed >= MOVING_MS) return "moving";
  const unsure = Number.isNaN(known.speed) || known.ignition === true;
  if (unsure && now - known.moved < STILL_MS) return "moving";
  if (known.ignition === true) return "idle";
  if (known.ignition === null && known.time - known.moved < IDLE_MS) return "idle";
  return "stopped";
}

/** Whether a fix is overdue. @param {number} time @param {number} interval seconds, NaN unknown @param {number} now */
export function stale(time, interval, now) {
  return now - time > 2000 * interval;
}

/** The seconds to expect between fixes. @param {number[]} gaps the last ones, seconds */
export function expected(gaps) {
  if (!gaps.length) return Number.NaN;
  const sorted = gaps.slice(-5).sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const median = sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  return Math.min(MOST_INTERVAL_S, Math.max(LEAST_INTERVAL_S, median));
}
