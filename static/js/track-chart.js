// @ts-check
// Speed, altitude and battery over time; what is looked at there is looked at on the map too.

import uPlot from "uplot";
import { locale, page } from "./i18n.js";

/** @typedef {import("./track.js").Track} Track */
/** @typedef {import("./track.js").Quantity} Quantity */

const HEIGHT = 132;
const LEAST_DRAG = 6; // pixels
const DASHES = { speed: [], altitude: [6, 3], battery: [2, 3] };
const MILE = 1.609_344;
const FOOT = 0.3048;

const imperial = () => page["units"] === "imperial";

/** In the reader's units. @param {Quantity} quantity @param {number} value */
export function inUnits(quantity, value) {
  if (quantity === "speed") return imperial() ? (value * 3.6) / MILE : value * 3.6;
  return quantity === "altitude" && imperial() ? value / FOOT : value;
}

/** @param {Quantity} quantity */
export function unit(quantity) {
  if (quantity === "battery") return "%";
  if (quantity === "speed") return imperial() ? "mph" : "km/h";
  return imperial() ? "ft" : "m";
}

/**
 * Columns for one line: times in seconds, values; a silence is a null between.
 * @param {Track} track @param {Quantity} quantity @returns {[number[], (number | null)[]]}
 */
export function columns(track, quantity) {
  /** @type {[number[], (number | null)[]]} */
  const [times, values] = [[], []];
  for (let i = 0; i < track.length; i++) {
    const value = quantity === "speed" ? track.pace(i) : track[quantity][i];
    times.push(track.time[i] / 1000);
    values.push(Number.isNaN(value) ? null : inUnits(quantity, value));
    if (!track.ends(i) || i + 1 === track.length) continue;
    times.push((track.time[i] + track.time[i + 1]) / 2000);
    values.push(null);
  }
  return [times, values];
}

export class TrackChart {
  /** @type {any} */
  #plot = null;
  #element;
  #on;
  #zone;
  #line = document.createElement("div");
  #at = Number.NaN;
  /** @type {[number, number]} */
  #range = [0, 1];

  /**
   * @param {HTMLElement} element @param {string} zone
   * @param {object} on
   * @param {(time: number | null) => void} on.onHover milliseconds; null: nowhere
   * @param {(time: number) => void} on.onClick
   * @param {(from: number, to: number) => void} on.onSelect
   */
  constructor(element, zone, on) {
    this.#element = element;
    this.#zone = zone;
    this.#on = on;
    this.#line.className = "chart-now";
    new ResizeObserver(() => this.#resize()).observe(element);
  }

  /**
   * @param {Track[]} tracks
   * @param {{ quantities: Quantity[], colour: (index: number) => string, from: number, to: number }} how milliseconds
   */
  show(tracks, { quantities, colour, from, to }) {
    this.#plot?.destroy();
    this.#plot = null;
    this.#range = [from / 1000, to / 1000];
    const lines = tracks.flatMap((track, index) =>
      quantities.map((quantity) => ({ track, quantity, colour: colour(index) })),
    );
    if (!lines.length) return;
    const data = uPlot.join(lines.map(({ track, quantity }) => columns(track, quantity)));
    this.#plot = new uPlot(this.#options(lines, quantities), data, this.#element);
    this.#plot.over.append(this.#line);
    this.at(this.#at);
  }

  /** @param {{ track: Track, quantity: Quantity, colour: string }[]} lines @param {Quantity[]} quantities */
  #options(lines, quantities) {
    const style = getComputedStyle(this.#element);
    const [ink, grid] = [style.getPropertyValue("color"), style.getPropertyValue("border-top-color")];
    const axis = { stroke: ink, font: "11px Inter, sans-serif", ticks: { stroke: grid, size: 4 } };
    const single = lines.length === 1;
    return {
      width: Math.max(80, this.#element.clientWidth),
      height: HEIGHT,
      tzDate: (/** @type {number} */ seconds) => uPlot.tzDate(new Date(seconds * 1000), this.#zone),
      legend: { show: false },
      padding: [8, quantities.length > 1 ? 0 : 12, 0, 0],
      cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 7 }, y: false },
      scales: {
        x: { range: () => this.#range },
        speed: {
          range: (/** @type {any} */ _, /** @type {any} */ __, /** @type {number} */ top) => [
            0,
            Math.max(10, top * 1.1 || 0),
          ],
        },
        battery: { range: [0, 104] },
        altitude: {},
      },
      axes: [
        { ...axis, grid: { stroke: grid, width: 1 }, values: this.#times },
        ...quantities.map((quantity, index) => ({
          ...axis,
          scale: quantity,
          side: index === 0 ? 3 : 1,
          size: 64,
          grid: { show: index === 0, stroke: grid, width: 1 },
          values: (/** @type {any} */ _, /** @type {number[]} */ splits) =>
            splits.map((value, at) =>
              at === splits.length - 1 ? `${value} ${unit(quantity)}` : String(value),
            ),
        })),
      ],
      series: [
        {},
        ...lines.map(({ quantity, colour }) => ({
          scale: quantity,
          stroke: colour,
          width: 1.5,
          dash: DASHES[quantity],
          spanGaps: false,
          fill: single ? `${colour}29` : undefined,
          points: { show: false },
        })),
      ],
      hooks: {
        setCursor: [() => this.#hovered()],
        setSelect: [() => this.#selected()],
        ready: [(/** @type {any} */ plot) => this.#ready(plot)],
      },
    };
  }

  /** @param {any} plot */
  #ready(plot) {
    plot.over.addEventListener("click", () => {
      const { left } = plot.cursor;
      if (left >= 0) this.#on.onClick(plot.posToVal(left, "x") * 1000);
    });
  }

  #hovered() {
    const left = this.#plot?.cursor.left ?? -1;
    this.#on.onHover(left >= 0 ? this.#plot.posToVal(left, "x") * 1000 : null);
  }

  #selected() {
    const { left, width } = this.#plot.select;
    if (!width) return;
    const [from, to] = [left, left + width].map((x) => this.#plot.posToVal(x, "x") * 1000);
    this.#plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    if (width >= LEAST_DRAG) this.#on.onSelect(from, to);
  }

  /** Labels of the time axis: the clock, and the day where one begins. @param {any} _plot @param {number[]} splits seconds */
  #times = (_plot, splits) => {
    const zone = { timeZone: this.#zone };
    const fine = splits[1] - splits[0] < 60;
    /** @type {Intl.DateTimeFormatOptions} */
    const hours = {
      hour: "2-digit",
      minute: "2-digit",
      ...(fine && { second: "2-digit" }),
      hourCycle: "h23",
    };
    const clock = new Intl.DateTimeFormat(locale, { ...hours, ...zone });
    const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", ...zone });
    let before = "";
    return splits.map((split) => {
      const date = day.format(split * 1000);
      const first = date !== before;
      before = date;
      return first ? `${clock.format(split * 1000)}\n${date}` : clock.format(split * 1000);
    });
  };

  /** Where the replay is. @param {number} time milliseconds */
  at(time) {
    this.#at = time;
    if (!this.#plot || Number.isNaN(time)) return;
    this.#line.style.transform = `translateX(${this.#plot.valToPos(time / 1000, "x").toFixed(1)}px)`;
  }

  /** Show the cursor there, as when it is hovered. @param {number | null} time milliseconds */
  point(time) {
    if (!this.#plot) return;
    const left = time === null ? -10 : this.#plot.valToPos(time / 1000, "x");
    this.#plot.setCursor({ left, top: time === null ? -10 : 10 }, false);
  }

  #resize() {
    const width = Math.max(80, this.#element.clientWidth);
    if (!this.#plot || this.#plot.width === width) return;
    this.#plot.setSize({ width, height: HEIGHT });
    this.at(this.#at);
  }
}
