// @ts-check
// What a vehicle does, in words; or that its driver chose to be silent.

import { zone } from "./format.js";
import { locale, t } from "./i18n.js";
import { WORDS } from "./states.js";

const LONG_AGO_MS = 20 * 3_600_000; // then the weekday is said too
const hour = /** @type {const} */ ({ hour: "2-digit", minute: "2-digit", timeZone: zone });
const today = new Intl.DateTimeFormat(locale, hour);
const earlier = new Intl.DateTimeFormat(locale, { weekday: "short", ...hour });

/**
 * @param {import("./states.js").State} state
 * @param {number} stopped when its driver stopped sharing; NaN: did not
 * @param {number} newest time of its newest fix: a newer one than that says that something shares again
 */
export function saying(state, stopped, newest, now = Date.now()) {
  if (state === "alarm" || !(stopped >= newest)) return WORDS[state];
  const time = (now - stopped > LONG_AGO_MS ? earlier : today).format(stopped);
  return t("driver stopped sharing {time}", { time });
}
