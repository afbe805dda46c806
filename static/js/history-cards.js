// @ts-check
// What each vehicle did in the range, in words: figures, stops, what is stored, and how to take it away.

import { clockTime, count, day, distance, duration, length, speed } from "./format.js";
import { iso } from "./history-address.js";
import { n, t } from "./i18n.js";
import { LONG_MS } from "./track.js";

/** @typedef {import("./track.js").Track} Track */
/**
 * @typedef {object} Links
 * @property {(track: Track) => [string, string][]} files word and address of each format; none for who may not
 * @property {(track: Track) => string} large where large files are made; "" for nowhere
 * @property {(track: Track) => string} bring where tracks are brought in
 * @property {(id: number) => string} live where the vehicle is now
 */

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag @param {string} className @param {...(Node | string)} inside
 */
export function made(tag, className, ...inside) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...inside);
  return element;
}

/** @param {Track} track @param {{ colour: string, links: Links, days: boolean }} how days: the range has several */
export function card(track, { colour, links, days }) {
  const { vehicle } = track.answer;
  const dot = made("span", "dot");
  dot.style.background = colour;
  const name = made("a", "", vehicle.name);
  name.href = links.live(vehicle.id);
  const article = made("article", "card", made("h2", "", dot, name));
  article.dataset["card"] = String(vehicle.id);
  const about = [vehicle.plate, ...drivers(track)].filter(Boolean).join(" · ");
  if (about) article.append(made("p", "card-about", about));
  if (!track.length) {
    article.append(made("p", "card-none", t("No positions in this time.")));
    if (track.answer.completeness) article.append(complete(track, days));
    const bring = links.bring(track);
    article.append(actions(track, { ...links, files: () => [], bring: () => bring }));
    return article;
  }
  article.append(figures(track), ...notes(track));
  if (track.stops.length) article.append(stops(track, days));
  article.append(complete(track, days), actions(track, links));
  return article;
}

/** Who drove, each once. @param {Track} track @returns {string[]} */
const drivers = (track) => [
  ...new Set((track.answer.drivers ?? []).map((/** @type {any} */ { name }) => name)),
];

/** @param {Track} track */
function figures(track) {
  const { metres, moving_ms: moving, top_speed: top, fixes } = track.answer;
  const list = made("dl", "figures");
  const say = (/** @type {string} */ term, /** @type {string} */ value) =>
    list.append(made("div", "", made("dt", "", term), made("dd", "", value)));
  say(t("Distance"), distance(metres));
  say(t("Moving"), duration(moving));
  say(t("Stops"), count(track.stops.length));
  say(t("Top speed"), top === null ? "–" : speed(top));
  say(t("Positions"), count(fixes));
  return list;
}

/** @param {Track} track @returns {Node[]} */
function notes(track) {
  const { simplified, shown, fixes, tolerance, outliers, rule } = track.answer;
  const found = [];
  if (simplified) {
    const values = { shown: count(shown), fixes: count(fixes) };
    const said = made(
      "p",
      "card-note",
      t("Simplified for the screen: {shown} of {fixes} positions.", values),
    );
    if (tolerance) said.title = t("No line is more than {length} off.", { length: length(tolerance) });
    found.push(said);
  }
  if (outliers) {
    const said = n(
      "{n} position that cannot be is left out",
      "{n} positions that cannot be are left out",
      outliers,
    );
    found.push(made("details", "card-note", made("summary", "", said), made("p", "", rule ?? "")));
  }
  return found;
}

/** "09:14", with its day where the range has several. @param {number} ms @param {boolean} days */
const at = (ms, days) => (days ? `${day(ms)} ${clockTime(ms)}` : clockTime(ms));

/** @param {Track} track @param {boolean} days */
function stops(track, days) {
  const list = made("ol", "stop-list");
  list.setAttribute("aria-label", t("Stops of {name}", { name: track.answer.vehicle.name }));
  for (const [index, stop] of track.stops.entries()) {
    const end = stop.to === null ? t("still there") : clockTime(stop.to);
    const lasted = duration((stop.to ?? track.last) - stop.from);
    const place = made("span", "stop-place");
    place.dataset["place"] = String(index);
    const button = made(
      "button",
      "",
      made("span", "stop-number", String(index + 1)),
      made("span", "stop-when", `${at(stop.from, days)} – ${end}`),
      made("span", "stop-long", lasted),
      place,
    );
    button.type = "button";
    button.dataset["stop"] = `${track.id}/${index}`;
    list.append(made("li", "", button));
  }
  return list;
}

/** @param {Track} track @param {boolean} days */
function complete(track, days) {
  const { stored, duplicates, late, quarantined = [], longest_gap: gap } = track.answer.completeness;
  const refused = quarantined.reduce(
    (/** @type {number} */ sum, /** @type {any} */ { count: many }) => sum + many,
    0,
  );
  const parts = [n("{n} stored", "{n} stored", stored)];
  if (duplicates) parts.push(n("{n} duplicate ignored", "{n} duplicates ignored", duplicates));
  if (late) parts.push(n("{n} late", "{n} late", late));
  if (refused) parts.push(n("{n} refused", "{n} refused", refused));
  const lines = [made("p", "", parts.join(" · "))];
  for (const { reason, count: many } of quarantined)
    lines.push(made("p", "refused-why", `${count(many)} × ${reason}`));
  if (gap && gap[1] - gap[0] > LONG_MS) {
    const values = { time: duration(gap[1] - gap[0]), from: at(gap[0], days), to: at(gap[1], days) };
    lines.push(made("p", "", t("Longest silence {time}: {from} – {to}", values)));
  }
  const box = made("div", "complete", ...lines);
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", t("How complete this is"));
  return box;
}

/** @param {Track} track @param {Links} links */
function actions(track, links) {
  const row = made("p", "card-links");
  const files = links.files(track);
  if (files.length) row.append(made("span", "card-export", t("Export")));
  for (const [word, address] of files) {
    const link = made("a", "button button-small", word);
    link.href = address;
    link.setAttribute("download", "");
    row.append(link);
  }
  for (const [word, address] of [
    [t("Large files …"), files.length ? links.large(track) : ""],
    [t("Import …"), links.bring(track)],
  ]) {
    if (!address) continue;
    const link = made("a", "card-more", word);
    link.href = address;
    row.append(link);
  }
  return row;
}

/** Write where the stops are, once that is known. @param {Element} article @param {string[]} words */
export function name(article, words) {
  for (const [index, word] of words.entries()) {
    const place = article.querySelector(`[data-place="${index}"]`);
    if (place) place.textContent = word;
  }
}

/** The addresses of a range's files. @param {Record<string, string>} tracks word → address with 0 for the id @param {number} from @param {number} to */
export const fileLinks = (tracks, from, to) => (/** @type {Track} */ track) =>
  Object.entries(tracks).map(([word, address]) => {
    const query = new URLSearchParams({ from: iso(from), to: iso(to) });
    return /** @type {[string, string]} */ ([word, `${address.replace("/0/", `/${track.id}/`)}?${query}`]);
  });
