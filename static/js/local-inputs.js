// @ts-check
// Fields for local times, on the clocks of the reader: of a moment in ms, or of a midnight so many days ago.

import { zone } from "./format.js";

const parts = new Intl.DateTimeFormat("en-CA", {
  hourCycle: "h23",
  timeZone: zone,
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
});

/** `2026-11-23T08:00`, as a field for local times takes it. @param {number} ms */
export function local(ms) {
  /** @type {Record<string, string>} */
  const found = {};
  for (const { type, value } of parts.formatToParts(ms)) found[type] = value;
  return `${found.year}-${found.month}-${found.day}T${found.hour}:${found.minute}`;
}

/** The midnight that today began with, or one some days before it. @param {number} now @param {number} days */
export function midnight(now, days) {
  const [year, month, day] = local(now).slice(0, 10).split("-").map(Number);
  return `${new Date(Date.UTC(year, month - 1, day - days)).toISOString().slice(0, 10)}T00:00`;
}

for (const input of document.querySelectorAll("input[data-ms], input[data-midnight]")) {
  if (!(input instanceof HTMLInputElement)) continue;
  const { ms, midnight: days } = input.dataset;
  input.value = ms ? local(Number(ms)) : midnight(Date.now(), Number(days));
}
