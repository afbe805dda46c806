// @ts-check
// Times of a zone's clocks, as date and time inputs have them. Pure.

const DAY_MS = 86_400_000;
/** @type {Map<string, Intl.DateTimeFormat>} */
const clocks = new Map();

/** @param {string} zone */
function clock(zone) {
  const known = clocks.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat("en-u-ca-iso8601", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  clocks.set(zone, made);
  return made;
}

/** How far the zone's clocks are ahead of UTC. @param {number} ms @param {string} zone @returns {number} milliseconds */
export function ahead(ms, zone) {
  const parts = clock(zone).formatToParts(ms);
  const [year, month, day, hour, minute, second] = ["year", "month", "day", "hour", "minute", "second"].map(
    (type) => Number(parts.find((part) => part.type === type)?.value),
  );
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(ms / 1000) * 1000;
}

/** "2026-11-23T08:00" on the zone's clock; with seconds where they are not zero. @param {number} ms @param {string} zone */
export function local(ms, zone) {
  const text = new Date(ms + ahead(ms, zone)).toISOString();
  return text.slice(17, 19) === "00" ? text.slice(0, 16) : text.slice(0, 19);
}

/**
 * When the zone's clock shows this. A time that a clock skips is the one after the jump; of two, the first.
 * @param {string} text "2026-11-23T08:00" @param {string} zone @returns {number} NaN for what is no time
 */
export function instant(text, zone) {
  const utc = Date.parse(`${text}Z`);
  if (Number.isNaN(utc)) return Number.NaN;
  const before = ahead(utc - DAY_MS, zone);
  const after = ahead(utc + DAY_MS, zone);
  const [first, second] = [utc - Math.max(before, after), utc - Math.min(before, after)];
  if (first + ahead(first, zone) === utc) return first;
  return second + ahead(second, zone) === utc ? second : utc - before;
}

/** When a day of the zone begins. @param {number} ms any time of it @param {string} zone @param {number} [days] later */
export function midnight(ms, zone, days = 0) {
  const noon = Date.parse(`${local(ms, zone).slice(0, 10)}T12:00Z`) + days * DAY_MS;
  return instant(`${new Date(noon).toISOString().slice(0, 10)}T00:00`, zone);
}
