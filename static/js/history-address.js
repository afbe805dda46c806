// @ts-check
// What the history page shows, as its address says: `?v=7,9&from=…&to=…&t=…`. Pure.

import { midnight } from "./zoned.js";

/** Tracks that are drawn at once; each has a colour of its own. */
export const MOST_VEHICLES = 12;
const WEEK = 7; // days, today among them

/** @typedef {"today" | "yesterday" | "week"} Preset */
/**
 * @typedef {object} View
 * @property {number[]} vehicles ids @property {number} from @property {number} to milliseconds
 * @property {number | null} at where the replay is
 */

/** @param {number} now @param {string} zone @returns {Record<Preset, [number, number]>} whole days of the zone's calendar */
export const presets = (now, zone) => ({
  today: [midnight(now, zone), midnight(now, zone, 1)],
  yesterday: [midnight(now, zone, -1), midnight(now, zone)],
  week: [midnight(now, zone, 1 - WEEK), midnight(now, zone, 1)],
});

/** Which of them a range is. @param {number} from @param {number} to @param {number} now @param {string} zone @returns {Preset | ""} */
export function preset(from, to, now, zone) {
  const found = Object.entries(presets(now, zone)).find(([, [a, b]]) => a === from && b === to);
  return /** @type {Preset | ""} */ (found?.[0] ?? "");
}

/** @param {string} search of the address @param {number} now @param {string} zone @returns {View} today when it names no range */
export function read(search, now, zone) {
  const address = new URLSearchParams(search);
  const ids = (address.get("v") ?? "").split(",").map(Number);
  const vehicles = [...new Set(ids.filter((id) => Number.isSafeInteger(id) && id > 0))];
  let [from, to] = ["from", "to"].map((name) => moment(address.get(name)));
  if (!(from < to)) [from, to] = presets(now, zone).today;
  const at = moment(address.get("t"));
  return { vehicles: vehicles.slice(0, MOST_VEHICLES), from, to, at: at >= from && at <= to ? at : null };
}

/** ISO 8601 with its zone, or milliseconds. @param {string | null} text */
export function moment(text) {
  if (!text) return Number.NaN;
  return /^-?\d{9,14}$/.test(text) ? Number(text) : Date.parse(text.replace(/ (\d\d:?\d\d)$/, "+$1"));
}

/** "2026-11-23T08:00:00Z". @param {number} ms */
export const iso = (ms) => new Date(ms).toISOString().replace(".000Z", "Z");

/** @param {View} view @returns {string} "?v=7,9&from=…&to=…&t=…" */
export function write({ vehicles, from, to, at }) {
  const parts = vehicles.length ? [`v=${vehicles.join(",")}`] : [];
  parts.push(`from=${iso(from)}`, `to=${iso(to)}`);
  if (at !== null) parts.push(`t=${iso(Math.round(at / 1000) * 1000)}`);
  return `?${parts.join("&")}`;
}
