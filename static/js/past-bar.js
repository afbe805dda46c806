// @ts-check
// The bar at the foot of the live map while it shows another time: day, slider, play, and the way back.

import { clockTime, moment } from "./format.js";
import { problem } from "./history-load.js";
import { t } from "./i18n.js";
import { element } from "./live-view.js";
import { SPEEDS } from "./replay-clock.js";
import { instant, local, midnight } from "./zoned.js";

const ASK_MS = 120; // while the slider is dragged
const LOOK_BACK_MS = 15 * 60_000;
const MINUTE_MS = 60_000;
const root = document.documentElement;

/** @typedef {import("./time-machine.js").TimeMachine} TimeMachine */

const input = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (element(id));
const say = (/** @type {Element} */ where, /** @type {string} */ words) => {
  if (where.textContent !== words) where.textContent = words;
};

export class PastBar {
  #machine;
  #now;
  #zone;
  #due = 0;
  /** Where the slider is being dragged to; NaN: it is not. */
  #dragged = Number.NaN;
  #title = document.title;
  #frozen = false;

  /** @param {TimeMachine} machine @param {() => number} now server time @param {string} zone */
  constructor(machine, now, zone) {
    this.#machine = machine;
    this.#now = now;
    this.#zone = zone;
    const slider = input("past-slider");
    slider.addEventListener("input", () => this.#drag(this.#day() + Number(slider.value) * 1000));
    input("past-day").addEventListener("change", ({ target }) => {
      const clock = local(this.#shown(), zone).slice(10);
      const at = instant(/** @type {HTMLInputElement} */ (target).value + clock, zone);
      if (!Number.isNaN(at)) this.#go(at);
    });
    const speed = /** @type {any} */ (element("past-speed"));
    speed.addEventListener("change", () => machine.setSpeed(Number(speed.value)));
  }

  /** Look back, from a quarter of an hour ago. */
  open() {
    if (!this.#machine.on) this.#go(this.#now() - LOOK_BACK_MS);
  }

  /** @param {number} ms */
  by(ms) {
    this.#go(this.#shown() + ms);
  }

  /** @param {number} minutes */
  step(minutes) {
    if (this.#machine.on) this.by(minutes * MINUTE_MS);
  }

  toggle() {
    if (!this.#machine.on) return;
    if (this.#machine.playing) this.#machine.pause();
    else this.#machine.play();
  }

  /** One speed more or less. @param {1 | -1} by */
  faster(by) {
    if (!this.#machine.on) return;
    const at = SPEEDS.indexOf(/** @type {any} */ (this.#machine.speed)) + by;
    this.#machine.setSpeed(SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, at))]);
  }

  /** What is to be shown. */
  #shown() {
    if (!Number.isNaN(this.#dragged)) return this.#dragged;
    return this.#machine.on ? this.#machine.time : this.#now();
  }

  /** When the day that is shown begins. */
  #day() {
    return midnight(this.#shown(), this.#zone);
  }

  /** @param {number} at */
  #drag(at) {
    this.#dragged = at;
    this.draw();
    this.#due ||= setTimeout(() => {
      this.#due = 0;
      const goal = this.#dragged;
      this.#dragged = Number.NaN;
      if (!Number.isNaN(goal)) this.#go(goal);
    }, ASK_MS);
  }

  /** @param {number} at */
  #go(at) {
    say(element("past-note"), "");
    this.#machine.go(Math.min(at, this.#now()));
  }

  /** @param {unknown} error */
  failed(error) {
    say(element("past-note"), problem(error));
    const bar = element("past-bar");
    bar.hidden = false; // also where the first question failed
  }

  /** Write where time is. */
  draw() {
    const { on, playing, loading, waiting, speed } = this.#machine;
    const bar = element("past-bar");
    bar.hidden = !on;
    element("past-open").hidden = on;
    if (!on) delete root.dataset["past"];
    else root.dataset["past"] = loading ? "loading" : "shown";
    if (on !== this.#frozen) this.freeze();
    document.title = on ? `${t("PAST {time}", { time: clockTime(this.#shown()) })} – Fleetline` : this.#title;
    if (!on) return;
    const at = this.#shown();
    const day = this.#day();
    const slider = input("past-slider");
    const end = Math.min(midnight(at, this.#zone, 1), Math.max(this.#now(), at));
    slider.max = String(Math.floor((end - day) / 1000));
    slider.value = String(Math.floor((at - day) / 1000));
    slider.setAttribute("aria-valuetext", moment(at));
    const date = input("past-day");
    date.max = local(this.#now(), this.#zone).slice(0, 10);
    if (document.activeElement !== date) date.value = local(at, this.#zone).slice(0, 10);
    say(element("past-time"), moment(at));
    const chosen = /** @type {any} */ (element("past-speed"));
    if (chosen.value !== String(speed)) chosen.value = String(speed);
    const play = /** @type {HTMLElement} */ (bar.querySelector("[data-do=past-play]"));
    play.setAttribute("aria-pressed", String(playing));
    bar.toggleAttribute("data-waiting", waiting || loading);
  }

  /** What is written, acknowledged or sent is for now: while the past is shown, it is off. */
  freeze() {
    this.#frozen = this.#machine.on;
    const [drawer, alarms] = ["drawer", "alert-bar"].map((id) => document.getElementById(id));
    for (const form of [
      ...(drawer?.querySelectorAll("form") ?? []),
      ...(alarms?.querySelectorAll("form") ?? []),
    ])
      if (!form.hasAttribute("data-export")) form.inert = this.#frozen;
    /** @type {HTMLButtonElement} */ for (const button of drawer?.querySelectorAll("[data-do=message]") ?? [])
      button.disabled = this.#frozen;
  }
}
