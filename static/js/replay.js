// @ts-check
// The controls of a replay: play, slider, speed, keys; where time is, is told to whoever draws.

import { moment } from "./format.js";
import { t } from "./i18n.js";
import { common, ReplayClock, SPEEDS } from "./replay-clock.js";
import { LONG_MS, step } from "./track.js";

/** @typedef {import("./track.js").Track} Track */

const CALM_MS = 1000; // between two pictures for who wants no motion
const still = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)");

/**
 * @typedef {object} Parts
 * @property {HTMLInputElement} slider @property {HTMLOutputElement} output @property {HTMLSelectElement} speed
 * @property {HTMLInputElement} skip @property {HTMLElement} play @property {HTMLFieldSetElement} all what is off without a track
 */

export class Replay {
  clock = new ReplayClock(0, 0);
  /** @type {Track[]} */
  #tracks = [];
  #parts;
  #on;
  #frame = 0;
  #drawn = 0;

  /**
   * @param {Parts} parts
   * @param {{ onTime: (time: number, settled: boolean) => void, onSkip: (skipped: [number, number]) => void }} on
   *   settled: it stays there for now
   */
  constructor(parts, on) {
    this.#parts = parts;
    this.#on = on;
    const { slider, speed, skip } = parts;
    slider.addEventListener("input", () => this.seek(Number(slider.value)));
    speed.addEventListener("change", () => this.#faster(Number(speed.value)));
    skip.addEventListener("change", () => this.#skips());
    slider.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
      if (!by) return;
      event.preventDefault(); // a second a press would be too little
      event.stopPropagation();
      this.by(by * (event.shiftKey ? 60_000 : 10_000));
    });
  }

  get time() {
    return this.clock.time;
  }

  /** Whether there is anything to replay. */
  get ready() {
    return this.clock.to > this.clock.from;
  }

  /** @param {Track[]} tracks @param {number | null} at where to begin */
  load(tracks, at) {
    this.#tracks = tracks.filter(({ length }) => length > 0);
    const from = Math.min(...this.#tracks.map(({ first }) => first));
    const to = Math.max(...this.#tracks.map(({ last }) => last));
    const { speed } = this.clock;
    this.clock = Number.isFinite(from) ? new ReplayClock(from, to, at ?? from) : new ReplayClock(0, 0);
    this.clock.setSpeed(speed, performance.now());
    this.clock.onSkip = (skipped) => this.#on.onSkip(skipped);
    this.#skips();
    const { all, slider } = this.#parts;
    slider.min = String(this.clock.from);
    slider.max = String(this.clock.to);
    all.disabled = !this.ready;
    this.#say(true);
  }

  toggle() {
    if (this.clock.playing) this.clock.pause();
    else this.clock.play(performance.now());
    this.#run();
    this.#say(!this.clock.playing);
  }

  pause() {
    if (this.clock.playing) this.toggle();
  }

  /** @param {number} time */
  seek(time) {
    this.clock.seek(time, performance.now());
    this.#say(!this.clock.playing);
  }

  /** @param {number} ms */
  by(ms) {
    this.seek(this.time + ms);
  }

  /** To the next fix, or the one before. @param {1 | -1} by */
  step(by) {
    this.pause();
    const time = step(this.#tracks, this.time, by);
    if (!Number.isNaN(time)) this.seek(time);
  }

  /** One speed more or less. @param {1 | -1} by */
  shift(by) {
    const at = SPEEDS.indexOf(/** @type {any} */ (this.clock.speed)) + by;
    const speed = SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, at))];
    this.#parts.speed.value = String(speed);
    this.#faster(speed);
  }

  /** @param {number} speed */
  #faster(speed) {
    this.clock.setSpeed(speed, performance.now());
  }

  #skips() {
    const quiet = this.#parts.skip.checked ? this.#tracks.map((track) => track.quiet()) : [];
    this.clock.skips = common(quiet, LONG_MS);
  }

  #run() {
    cancelAnimationFrame(this.#frame);
    if (!this.clock.playing) return;
    this.#frame = requestAnimationFrame(() => {
      const wall = performance.now();
      this.clock.tick(wall);
      if (!still?.matches || wall - this.#drawn > CALM_MS || !this.clock.playing) {
        this.#drawn = wall;
        this.#say(!this.clock.playing);
      }
      this.#run();
    });
  }

  /** @param {boolean} settled */
  #say(settled) {
    const { slider, output, play } = this.#parts;
    const { time, playing } = this.clock;
    const words = this.ready ? moment(time) : "–";
    slider.value = String(Math.round(time));
    slider.setAttribute("aria-valuetext", words);
    if (output.value !== words) output.value = words;
    play.setAttribute("aria-pressed", String(playing));
    play.title = playing ? t("Pause (space)") : t("Play (space)");
    this.#on.onTime(this.ready ? time : Number.NaN, settled);
  }
}
