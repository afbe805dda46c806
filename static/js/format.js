// @ts-check
// Numbers as people read them: in their units, their time zone, their language.

import { locale, page, t } from "./i18n.js";

const METRES_PER_MILE = 1609.344;
const METRES_PER_FOOT = 0.3048;

/** The reader's time zone: what they chose, else the browser's. */
export const zone = page.zone || Intl.DateTimeFormat().resolvedOptions().timeZone;

const clock = new Intl.DateTimeFormat(locale, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
  timeZone: zone,
});

const imperial = () => page.units === "imperial";

/** @param {number} value @param {number} digits after the point */
const rounded = (value, digits = 0) =>
  value.toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** "54 km/h". @param {number} metresPerSecond */
export function speed(metresPerSecond) {
  if (!Number.isFinite(metresPerSecond)) return "";
  return imperial()
    ? `${Math.round((metresPerSecond * 3600) / METRES_PER_MILE)} mph`
    : `${Math.round(metresPerSecond * 3.6)} km/h`;
}

/** "850 m", "3.2 km", "214 km"; "0.5 mi". @param {number} metres */
export function distance(metres) {
  if (!Number.isFinite(metres)) return "";
  if (imperial()) {
    const miles = metres / METRES_PER_MILE;
    return miles < 0.1 ? length(metres) : `${rounded(miles, miles < 10 ? 1 : 0)} mi`;
  }
  if (metres < 1000) return `${Math.round(metres)} m`;
  return `${rounded(metres / 1000, metres < 9950 ? 1 : 0)} km`;
}

/** "4 m", "13 ft". @param {number} metres */
export function length(metres) {
  return imperial() ? `${rounded(metres / METRES_PER_FOOT)} ft` : `${rounded(metres)} m`;
}

/** "now", "12 s", "5 min", "3 h", "2 d". @param {number} ms */
export function age(ms) {
  if (!Number.isFinite(ms)) return "";
  const seconds = Math.floor(ms / 1000);
  if (seconds < 1) return t("now");
  if (seconds < 60) return t("{n} s", { n: seconds });
  if (seconds < 3600) return t("{n} min", { n: Math.floor(seconds / 60) });
  if (seconds < 48 * 3600) return t("{n} h", { n: Math.floor(seconds / 3600) });
  return t("{n} d", { n: Math.floor(seconds / 86_400) });
}

/** @param {number} ms */
export function ago(ms) {
  const words = age(ms);
  return ms < 1000 || words === "" ? words : t("{time} ago", { time: words });
}

/** @param {number} degrees clockwise from north */
export function compass(degrees) {
  if (!Number.isFinite(degrees)) return "";
  const names = [t("N"), t("NE"), t("E"), t("SE"), t("S"), t("SW"), t("W"), t("NW")];
  return names[Math.round(degrees / 45) & 7];
}

const [dated, datedElsewhen] = [{}, { year: /** @type {const} */ ("numeric") }].map(
  (year) =>
    new Intl.DateTimeFormat(locale, {
      weekday: "short",
      day: "numeric",
      month: "short",
      ...year,
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      hourCycle: "h23",
      timeZone: zone,
    }),
);
const dayOf = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", timeZone: zone });
const minute = new Intl.DateTimeFormat(locale, {
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
  timeZone: zone,
});

/** "Mon 23 Nov, 16:02:30" on the reader's clock; of another year with it. @param {number} ms since the epoch */
export const moment = (ms) =>
  (new Date(ms).getFullYear() === new Date().getFullYear() ? dated : datedElsewhen).format(ms);

/** "23 Nov". @param {number} ms since the epoch */
export const day = (ms) => dayOf.format(ms);

/** "16:02". @param {number} ms since the epoch */
export const clockTime = (ms) => minute.format(ms);

/** "14:02:11" on the reader's clock. @param {number} ms since the epoch */
export function time(ms) {
  return clock.format(ms);
}

/** "45 s", "22 min", "5 h 12 min", "3 d 4 h". @param {number} ms */
export function duration(ms) {
  const minutes = Math.round(ms / 60_000);
  if (ms < 60_000) return t("{n} s", { n: Math.round(ms / 1000) });
  if (minutes < 60) return t("{n} min", { n: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return t("{h} h {m} min", { h: hours, m: minutes % 60 });
  return t("{d} d {h} h", { d: Math.floor(hours / 24), h: hours % 24 });
}

/** "1,204". @param {number} number */
export function count(number) {
  return number.toLocaleString(locale);
}

/** "0.4 s". @param {number} ms */
export function delay(ms) {
  return ms < 9950 ? t("{n} s", { n: rounded(ms / 1000, 1) }) : age(ms);
}

/** "57.70887, 11.97456", as other maps take it. @param {number} lat @param {number} lon degrees */
export function coordinates(lat, lon) {
  return `${lat.toFixed(5)}, ${lon.toFixed(5)}`;
}
