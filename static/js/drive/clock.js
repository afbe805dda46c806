// @ts-check
// Times: the phone's clock may be wrong, the server's is not.

import { locale } from "../i18n.js";

export const TRUSTED_MS = 30_000; // a phone's clock that is off by less is right

const hour = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });

/** "14:02". @param {number} ms */
export const clock = (ms) => hour.format(ms);

/** What to add to the phone's clock. @param {string} serverTime ISO @param {number} now the phone's */
export function offset(serverTime, now) {
  const off = Date.parse(serverTime) - now;
  return Math.abs(off) < TRUSTED_MS || Number.isNaN(off) ? 0 : off;
}
