// @ts-check
// Fields for local times that say their moment in ms: written on the clocks of the reader.

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

for (const input of document.querySelectorAll("input[data-ms]")) {
  if (input instanceof HTMLInputElement) input.value = local(Number(input.dataset.ms));
}
