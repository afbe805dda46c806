// @ts-check
// What the page says of its connection, in words. Pure.

import { n, t } from "../i18n.js";
import { clock } from "./clock.js";

export const ON_THE_WAY_MS = 2000; // what waits for less is on its way

/** @typedef {import("./link.js").State} State */
/** @typedef {import("./alerts.js").Sos} Sos */

/**
 * @param {object} now
 * @param {State} now.link
 * @param {boolean} now.network whether the phone has any
 * @param {boolean} now.sharing
 * @param {number} now.waiting
 * @param {number} now.since when the oldest of them was made, ms
 * @param {number} now.now ms
 * @returns {{ good: boolean, text: string }}
 */
export function connection({ link, network, sharing, waiting, since, now }) {
  if (link === "live") {
    const rest =
      waiting && now - since > ON_THE_WAY_MS ? n("sending {n}", "sending {n}", waiting) : t("all sent");
    return { good: true, text: `${sharing ? t("live") : t("stopped")} · ${rest}` };
  }
  const state = word(link, network, sharing);
  if (!waiting) return { good: false, text: state };
  const kept = n("{n} waiting since {time}", "{n} waiting since {time}", waiting, { time: clock(since) });
  return { good: false, text: `${state} · ${kept}` };
}

/** @param {State} link @param {boolean} network @param {boolean} sharing */
function word(link, network, sharing) {
  if (link === "off") return sharing ? t("not connected") : t("not sharing");
  if (link === "ended") return t("ended");
  if (!network) return t("no network");
  return link === "connecting" ? t("connecting …") : t("reconnecting …");
}

/** Why the server ended it, and the one thing to do. @param {number} code @param {string} vehicle */
export function ended(code, vehicle) {
  switch (code) {
    case 4409:
      return {
        text: t("Another phone or window reports for {vehicle} now.", { vehicle }),
        action: t("Use this one"),
      };
    case 4401:
      return {
        text: t("This phone’s permission has ended. Ask your dispatcher for a new code and scan it."),
        action: t("Try again"),
      };
    default:
      return {
        text: t("Your dispatcher has ended this phone’s access. Ask for a new code and scan it."),
        action: t("Try again"),
      };
  }
}

/** Why there is no position, and what to do. @param {import("./sharing.js").Trouble} trouble */
export function trouble(trouble) {
  switch (trouble) {
    case "denied":
      return t("The browser may not use the location. Allow it in the browser’s settings of this page.");
    case "insecure":
      return t("This address has no HTTPS: browsers give it no location. Ask for an address with https.");
    default:
      return t("The phone does not know where it is. Go into the open, or switch its location on.");
  }
}

/** The line under the SOS button. @param {Sos | null} sos @returns {string} */
export function sos(sos) {
  switch (sos?.state) {
    case "sending":
      return t("SOS: sending …");
    case "received":
      return t("SOS: received {time}", { time: clock(sos.at) });
    case "seen":
      return t("SOS: seen by {name} {time}", { name: sos.by || t("a dispatcher"), time: clock(sos.at) });
    case "said":
      return t("SOS: sent as a message without position");
    default:
      return "";
  }
}

/** @param {import("./inbox.js").Message} message */
export const heading = ({ from, at }) =>
  from ? t("From {name} {time}", { name: from, time: clock(at) }) : t("Message {time}", { time: clock(at) });
