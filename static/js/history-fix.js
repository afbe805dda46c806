// @ts-check
// The fix that is looked at, on a card over the map: when, how fast, where to, how high.

import { compass, duration, length, moment, speed } from "./format.js";
import { made } from "./history-cards.js";
import { t } from "./i18n.js";

/** @typedef {import("./track.js").Track} Track */

const MOST = 6; // vehicles on the card

/**
 * @param {HTMLElement} element @param {Track[]} tracks @param {number} time milliseconds; NaN hides it
 * @param {(index: number) => string} colour
 */
export function showFix(element, tracks, time, colour) {
  element.hidden = Number.isNaN(time) || !tracks.some(({ length: fixes }) => fixes > 0);
  if (element.hidden) return;
  const lines = tracks
    .slice(0, MOST)
    .map((track, index) => line(track, time, colour(index), tracks.length > 1));
  element.replaceChildren(made("p", "fix-time", moment(time)), ...lines);
}

/** @param {Track} track @param {number} time @param {string} colour @param {boolean} named */
function line(track, time, colour, named) {
  const row = made("p", "fix-line");
  if (named) {
    const dot = made("span", "dot");
    dot.style.background = colour;
    row.append(dot, made("strong", "", track.answer.vehicle.name), " ");
  }
  row.append(made("span", "fix-words", words(track, time)));
  return row;
}

/** "54 km/h NE · 12 m · 82 %". @param {Track} track @param {number} time */
export function words(track, time) {
  const place = track.at(time);
  if (!place) return t("no position yet");
  if (place.silent) return t("silent for {time}", { time: duration(time - track.time[place.index]) });
  const index = track.nearest(time);
  const pace = Number.isNaN(place.speed) ? track.pace(index) : place.speed;
  const parts = [
    [speed(pace), pace >= 1.5 ? compass(place.heading) : ""].filter(Boolean).join(" "),
    Number.isNaN(track.altitude[index]) ? "" : t("{length} high", { length: length(track.altitude[index]) }),
    Number.isNaN(track.battery[index]) ? "" : t("battery {n} %", { n: Math.round(track.battery[index]) }),
  ];
  return parts.filter(Boolean).join(" · ") || t("position without a speed");
}
