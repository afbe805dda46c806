// @ts-check
// The connection in words: what the header and the banners say of it. Pure.

import { delay as inSeconds, time } from "./format.js";
import { t } from "./i18n.js";

/** A loss shorter than this is none to a person: no banner for it. */
export const GRACE_MS = 500;
const LONG_MS = 30_000;

/** @typedef {import("./socket.js").Status} Status */
/** @typedef {import("./socket.js").State | "reconnecting"} Shown */

/** What the page shows of a state. @param {Status} status @param {number} now @returns {Shown} */
export function shown({ state, since }, now) {
  return state === "lost" && now - since < GRACE_MS ? "reconnecting" : state;
}

/**
 * @param {Status} status @param {number} now on the clock of `status`
 * @param {{ late: number | null, ahead: number }} measured median delay in ms; the server's clock minus ours
 * @returns {{ word: string, since: string, retry: string }} for the header; when the picture stopped; what comes next
 */
export function words(status, now, { late, ahead }) {
  const seconds = Math.max(0, Math.ceil(((status.retryAt ?? 0) - now) / 1000));
  const since = time((status.heard ?? status.since) + ahead);
  return {
    word: word(status, now, { late, seconds, since }),
    since,
    retry: seconds > 0 ? t("Retrying in {seconds} s.", { seconds }) : t("Retrying …"),
  };
}

/**
 * @param {Status} status @param {number} now
 * @param {{ late: number | null, seconds: number, since: string }} more
 */
function word(status, now, { late, seconds, since }) {
  switch (status.state) {
    case "live":
      return late === null ? t("live") : t("live · {delay}", { delay: inSeconds(late) });
    case "signed-out":
      return t("signed out");
    case "forbidden":
      return t("refused");
    case "lost":
      if (now - status.since > LONG_MS) return t("lost since {time}", { time: since });
      return seconds > 0 ? t("reconnecting ({seconds} s)", { seconds }) : t("reconnecting …");
    default:
      return t("connecting …");
  }
}
