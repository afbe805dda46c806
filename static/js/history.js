// @ts-check
// The history page: choose vehicles and a time; map, chart, figures and replay show the same tracks.

import { duration, zone } from "./format.js";
import { MOST_VEHICLES, preset, presets, read, write } from "./history-address.js";
import { card, fileLinks, name } from "./history-cards.js";
import { showFix } from "./history-fix.js";
import { History, missing, problem } from "./history-load.js";
import { Picker } from "./history-picker.js";
import { n, page, t } from "./i18n.js";
import { showLegend } from "./legend.js";
import { none, scheme } from "./live-map.js";
import { element } from "./live-view.js";
import { announce, clock, keys, onFrame, store, where } from "./page.js";
import { PALETTES } from "./palette.js";
import { Replay } from "./replay.js";
import { drawRibbon } from "./ribbon.js";
import { vehicleColour } from "./speed-scale.js";
import { TrackChart } from "./track-chart.js";
import { TrackView } from "./track-view.js";
import { instant, local } from "./zoned.js";

/** @typedef {import("./track.js").Track} Track */
/** @typedef {import("./track.js").Quantity} Quantity */

const SETTLED_MS = 30_000; // after a stop's first fix, which may still be a slow one
const root = document.documentElement;
const settings = JSON.parse(element("history-settings").textContent ?? "{}");
const input = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (element(id));
const of = (/** @type {string} */ address, /** @type {number} */ id) => address.replace("/0/", `/${id}/`);

let view = read(location.search, clock.now(), zone);
/** @type {Track[]} */
let tracks = [];
/** @type {"speed" | "vehicle"} */
let colours = "speed";
/** @type {Set<Quantity>} */
const quantities = new Set(["speed"]);
/** What is looked at with the mouse, milliseconds; null: nothing. @type {number | null} */
let pointed = null;
let zoomedIn = 0;
/** @type {TrackView | null} */
let map = null;
const archive = new History(settings.history);

const colour = (/** @type {number} */ index) =>
  tracks.length > 1 ? vehicleColour(index, PALETTES[scheme()]) : PALETTES[scheme()].trail;
const days = () => view.to - view.from > 26 * 3_600_000;
const picker = new Picker(element("picker"), store, {
  onAdd: (id) => choose([...view.vehicles, id]),
  onRemove: (id) => choose(view.vehicles.filter((other) => other !== id)),
});
const replay = new Replay(
  {
    slider: input("slider"),
    output: /** @type {any} */ (element("time")),
    speed: /** @type {any} */ (element("speed")),
    skip: input("skip"),
    play: /** @type {HTMLElement} */ (document.querySelector("[data-do=play]")),
    all: /** @type {any} */ (element("replay")),
  },
  { onTime: drawTime, onSkip: ([from, to]) => tell(t("{time} left out", { time: duration(to - from) })) },
);
const chart = new TrackChart(element("chart"), zone, {
  onHover: (time) => point(time),
  onClick: (time) => replay.seek(time),
  onSelect: (from, to) => {
    zoomedIn++;
    const whole = to - from > 600_000 ? 60_000 : 1000; // minutes, unless they are few
    go({ ...view, from: Math.floor(from / whole) * whole, to: Math.ceil(to / whole) * whole });
  },
});

// --- the address ----------------------------------------------------------------------------

/** @param {import("./history-address.js").View} next */
function go(next) {
  view = next;
  const address = location.pathname + write(view);
  if (address !== location.pathname + location.search) history.pushState(null, "", address);
  load();
}

/** @param {number[]} vehicles ids */
function choose(vehicles) {
  go({ ...view, vehicles: vehicles.slice(0, MOST_VEHICLES) });
}

addEventListener("popstate", () => {
  zoomedIn = Math.max(0, zoomedIn - 1);
  view = read(location.search, clock.now(), zone);
  load();
});

// --- loading and its states -----------------------------------------------------------------

async function load() {
  replay.pause();
  form();
  state(view.vehicles.length ? "loading" : "none");
  const asked = await archive.load(view.vehicles, view.from, view.to);
  if (!asked) return; // another question came meanwhile
  if (asked.tracks.length > 1 !== tracks.length > 1) colours = asked.tracks.length > 1 ? "vehicle" : "speed";
  tracks = asked.tracks;
  root.dataset["several"] = String(tracks.length > 1);
  const empty = tracks.every(({ length }) => length === 0);
  if (asked.error) state(missing(asked.error) ? "missing" : "error", problem(asked.error));
  else if (view.vehicles.length) state(empty ? "empty" : "ready");
  draw();
  map?.fit();
}

/** @param {"none" | "loading" | "ready" | "empty" | "missing" | "error"} what @param {string} [why] */
function state(what, why = "") {
  root.dataset["history"] = what;
  const isWeek = preset(view.from, view.to, clock.now(), zone) === "week";
  const said = {
    none: [t("Choose a vehicle to see where it was."), t("Choose a vehicle"), "pick"],
    loading: [t("Loading the track …"), "", ""],
    ready: ["", "", ""],
    empty: [
      n("It sent no positions in this time.", "They sent no positions in this time.", view.vehicles.length),
      isWeek ? t("Choose another vehicle") : t("Look at 7 days"),
      isWeek ? "pick" : "week",
    ],
    missing: [why, t("Choose another vehicle"), "pick"],
    error: [why, t("Try again"), "again"],
  }[what];
  const box = element("history-state");
  box.replaceChildren();
  box.hidden = !said[0];
  const words = document.createElement("p");
  words.textContent = said[0];
  box.append(words);
  if (!said[1]) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  button.dataset["do"] = said[2];
  button.textContent = said[1];
  box.append(button);
}

/** What is chosen, in the form. */
function form() {
  const known = new Map(tracks.map((track) => [track.id, track.answer.vehicle.name]));
  picker.show(
    view.vehicles.map((id, index) => ({
      id,
      name: store.vehicle(store.slot(id))?.name ?? known.get(id) ?? "…",
      colour: view.vehicles.length > 1 ? vehicleColour(index, PALETTES[scheme()]) : "var(--accent)",
    })),
  );
  input("from").value = local(view.from, zone);
  input("to").value = local(view.to, zone);
  element("range-wrong").textContent = "";
  const chosen = preset(view.from, view.to, clock.now(), zone);
  for (const chip of document.querySelectorAll("[data-preset]"))
    chip.setAttribute("aria-pressed", String(chip.getAttribute("data-preset") === chosen));
  /** @type {HTMLElement} */ (document.querySelector("[data-do=wider]")).hidden = zoomedIn === 0;
}

// --- drawing --------------------------------------------------------------------------------

/** Whether this person may take the vehicle's track away, and bring one. @param {Track} track */
const may = ({ answer: { vehicle } }) =>
  ["dispatcher", "manager"].includes(
    (page["fleets"] ?? []).find((/** @type {any} */ { slug }) => slug === vehicle.fleet)?.role,
  );

/** Everything that depends on the tracks. */
function draw() {
  form();
  const files = fileLinks(settings.tracks, view.from, view.to);
  const links = {
    files: (/** @type {Track} */ track) => (may(track) ? files(track) : []),
    large: () => settings.exports && `${settings.exports}${write({ ...view, at: null })}`,
    bring: (/** @type {Track} */ track) =>
      may(track) && settings.import ? of(settings.import, track.id) : "",
    live: (/** @type {number} */ id) => `/?v=${id}`,
  };
  const cards = tracks.map((track, index) => card(track, { colour: colour(index), links, days: days() }));
  element("cards").replaceChildren(...cards);
  for (const [index, track] of tracks.entries())
    if (track.stops.length) where.all(track.stops).then((words) => name(cards[index], words));
  replay.load(tracks, view.at);
  paint();
}

/** Everything that depends on the colours too. */
function paint() {
  const { from, to } = replay.ready ? replay.clock : view;
  drawRibbon(element("ribbon"), tracks, from, to, colour);
  chart.show(
    tracks.filter(({ length }) => length > 0),
    { quantities: [...quantities], colour, from, to },
  );
  showLegend(element("legend"), {
    by: colours,
    scheme: scheme(),
    vehicles: tracks
      .map((track, index) => ({
        name: track.answer.vehicle.name,
        colour: colour(index),
        fixes: track.length,
      }))
      .filter(({ fixes }) => fixes > 0),
  });
  map?.paint(tracks, { by: colours, colour });
  drawTime(replay.ready ? replay.time : Number.NaN, true);
}

/** @param {number} time @param {boolean} settled */
function drawTime(time, settled) {
  chart.at(time);
  map?.at(time, input("follow").checked);
  if (pointed === null) showFix(element("fix"), tracks, time, colour);
  if (!settled || Number.isNaN(time) || !tracks.length) return;
  view.at = time > replay.clock.from ? time : null;
  history.replaceState(null, "", location.pathname + write(view));
}

/** Look at a time without going there. @param {number | null} time @param {boolean} [fromMap] */
function point(time, fromMap = false) {
  pointed = time;
  if (fromMap) chart.point(time);
  map?.ring(time);
  showFix(element("fix"), tracks, time ?? (replay.ready ? replay.time : Number.NaN), colour);
}

/** @param {string} key vehicle's id / number of its stop */
function toStop(key) {
  const [id, number] = key.split("/").map(Number);
  const stop = tracks.find((track) => track.id === id)?.stops[number];
  if (!stop) return;
  const long = (stop.to ?? replay.clock.to) - stop.from;
  replay.seek(stop.from + Math.min(SETTLED_MS, long / 2));
  map?.toStop(key, stop);
  for (const button of document.querySelectorAll("[data-stop]"))
    button.classList.toggle("stop-chosen", button.getAttribute("data-stop") === key);
  document.querySelector(".stop-chosen")?.scrollIntoView({ block: "nearest" });
}

let telling = 0;
/** @param {string} words over the map, for a moment */
function tell(words) {
  clearTimeout(telling);
  element("skipped").textContent = words;
  telling = setTimeout(() => {
    element("skipped").textContent = "";
  }, 2500);
}

// --- what people do -------------------------------------------------------------------------

/** @type {Record<string, () => void>} buttons by data-do */
const actions = {
  play: () => replay.ready && replay.toggle(),
  first: () => replay.seek(replay.clock.from),
  before: () => replay.step(-1),
  after: () => replay.step(1),
  fit: () => map?.fit(),
  wider: () => history.back(),
  pick: () => picker.focus(),
  again: () => load(),
  week: () => period("week"),
};

/** @param {import("./history-address.js").Preset} name_ */
function period(name_) {
  const [from, to] = presets(clock.now(), zone)[name_];
  zoomedIn = 0;
  go({ ...view, from, to, at: null });
}

document.addEventListener("click", ({ target }) => {
  const pressed = target instanceof Element ? target : null;
  const data = (/** @type {string} */ key) =>
    pressed?.closest(`[data-${key}]`)?.getAttribute(`data-${key}`) ?? "";
  actions[data("do")]?.();
  if (data("preset")) period(/** @type {any} */ (data("preset")));
  if (data("stop")) toStop(data("stop"));
  if (data("colours")) {
    colours = /** @type {any} */ (data("colours"));
    paint();
  }
  const quantity = /** @type {Quantity} */ (data("chart"));
  if (!quantity) return;
  if (!quantities.delete(quantity) || !quantities.size) quantities.add(quantity);
  for (const button of document.querySelectorAll("[data-chart]"))
    button.setAttribute(
      "aria-pressed",
      String(quantities.has(/** @type {any} */ (button.getAttribute("data-chart")))),
    );
  paint();
});
element("range").addEventListener("submit", (event) => {
  event.preventDefault();
  const [from, to] = ["from", "to"].map((id) => instant(input(id).value, zone));
  if (!(from < to)) {
    element("range-wrong").textContent = t("The end must be after the beginning.");
    return input("to").focus();
  }
  zoomedIn = 0;
  archive.forget();
  go({ ...view, from, to, at: null });
});
input("follow").addEventListener("change", () => drawTime(replay.time, true));
document.addEventListener("scheme", () => paint());

keys.bind([
  { keys: [" "], caps: t("space"), words: t("play, pause"), run: actions["play"] },
  { keys: [","], words: t("the fix before"), run: actions["before"] },
  { keys: ["."], words: t("the next fix"), run: actions["after"] },
  { keys: ["ArrowLeft"], words: t("10 s back"), run: () => replay.by(-10_000) },
  { keys: ["ArrowRight"], words: t("10 s on"), run: () => replay.by(10_000) },
  { keys: ["-"], words: t("slower"), run: () => replay.shift(-1) },
  { keys: ["+"], words: t("faster"), run: () => replay.shift(1) },
  { keys: ["f"], words: t("follow it on the map"), run: () => input("follow").click() },
  { keys: ["h"], words: t("show the whole track"), run: () => map?.fit() },
  { keys: ["/"], words: t("choose a vehicle"), run: () => picker.focus() },
]);

onFrame((frame) => {
  if (frame.type !== "snapshot" || !store.complete) return;
  picker.refresh();
  form();
});

async function begin() {
  load();
  try {
    map = await TrackView.start(settings, {
      onPoint: (time) => point(time, true),
      onTime: (time) => replay.seek(time),
      onStop: toStop,
      onUnfollow: () => {
        input("follow").checked = false;
        announce(t("No longer following."));
      },
    });
  } finally {
    if (!map) none();
  }
  paint();
  map?.fit();
}

begin();
