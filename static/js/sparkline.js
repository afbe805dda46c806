// @ts-check
// Speed over the last hour, as a small picture.

import { speed as inUnits } from "./format.js";
import { t } from "./i18n.js";

const HOUR_MS = 3_600_000;
const WIDTH = 300;
const HEIGHT = 48;
const HOLE_MS = 5 * 60_000; // longer without a fix: the line is cut
const LEAST_TOP = 5; // metres/second: the wobble of who stands is no mountain

/** @typedef {{ time: number, speed: number }} Sample ms, metres/second */

/** Speeds of a track. @param {any} collection GeoJSON @returns {Sample[]} */
export function samples(collection) {
  return collection.features
    .filter(
      (/** @type {any} */ { geometry, properties }) => geometry.type === "Point" && properties.speed !== null,
    )
    .map((/** @type {any} */ { properties }) => ({
      time: Date.parse(properties.time),
      speed: properties.speed,
    }));
}

/**
 * An SVG path of the last hour, and its highest speed.
 * @param {Sample[]} all in time order @param {number} now
 * @returns {{ path: string, most: number }} "" when there is nothing to draw
 */
export function line(all, now) {
  const shown = all.filter(({ time }) => time > now - HOUR_MS && time <= now);
  const most = shown.reduce((top, { speed }) => Math.max(top, speed), 0);
  const top = Math.max(most, LEAST_TOP);
  let before = Number.NEGATIVE_INFINITY;
  let path = "";
  for (const { time, speed } of shown) {
    const x = ((time - now + HOUR_MS) / HOUR_MS) * WIDTH;
    const y = HEIGHT - 1 - (speed / top) * (HEIGHT - 4);
    path += `${time - before > HOLE_MS ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`;
    before = time;
  }
  return { path, most };
}

/** @param {Element} figure with an svg and a caption @param {Sample[]} all in time order @param {number} now */
export function draw(figure, all, now) {
  const { path, most } = line(all, now);
  const drawn = figure.querySelector("path");
  const caption = figure.querySelector("[data-most]");
  drawn?.setAttribute("d", path);
  if (caption)
    caption.textContent = path ? t("up to {speed}", { speed: inUnits(most) }) : t("nothing in the last hour");
  figure.classList.toggle("spark-empty", !path);
}
