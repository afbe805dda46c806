// @ts-check
// The live page's time machine with its bar: what the page asks of them.

import { iso } from "./history-address.js";
import { PastBar } from "./past-bar.js";
import { TimeMachine } from "./time-machine.js";

const AROUND_MS = 3_600_000; // before and after the time that is shown: the track that one goes to

/**
 * @typedef {object} Parts
 * @property {() => number} now server time @property {string} zone
 * @property {() => void} onPicture another time is shown than the one before
 * @property {(moved: number[], fixed: number[], ms: number) => void} onMove it plays: slots, those with another fix, time to glide
 * @property {(on: boolean) => void} onTurn the past is shown now, or no longer
 * @property {() => void} onRest time stands still: worth to be kept in the address
 */

export class Past {
  #stage;
  #machine;
  #bar;
  #parts;
  #on = false;
  #history;

  /**
   * @param {import("./stage.js").Stage} stage @param {import("./store.js").Store} live
   * @param {{ past: string, tracks: string, history: string }} addresses @param {Parts} parts
   */
  constructor(stage, live, { past, tracks, history }, parts) {
    this.#stage = stage;
    this.#parts = parts;
    this.#history = history;
    this.#machine = new TimeMachine(
      stage,
      live,
      { now: parts.now, picture: past, tracks },
      {
        onPicture: parts.onPicture,
        onMove: parts.onMove,
        onError: (error) => this.#bar.failed(error),
        onState: () => this.#changed(),
      },
    );
    this.#bar = new PastBar(this.#machine, parts.now, parts.zone);
  }

  /** Whether the past is shown, or will be at once. */
  get on() {
    return this.#machine.on;
  }

  /** The time of what is shown, milliseconds. */
  now = () => (this.#stage.past ? this.#machine.shown : this.#parts.now());

  /** Buttons by data-do. @type {Record<string, () => void>} */
  actions = {
    "past-open": () => this.#bar.open(),
    "past-back": () => this.#bar.step(-15),
    "past-play": () => this.#bar.toggle(),
    "past-live": () => this.on && this.live(),
    "past-minute-back": () => this.#bar.step(-1),
    "past-minute-on": () => this.#bar.step(1),
    "past-slower": () => this.#bar.faster(-1),
    "past-faster": () => this.#bar.faster(1),
  };

  live() {
    this.#machine.live();
  }

  /** What the address asks for. @param {number | null} at null: now */
  to(at) {
    if (at === null) {
      if (this.on) this.live();
    } else if (!this.on || Math.abs(at - this.#machine.shown) >= 1000) this.#machine.go(at);
  }

  /** What is for now only is off. A fragment that has come does not know it. */
  freeze() {
    this.#bar.freeze();
  }

  draw() {
    this.#bar.draw();
  }

  /** Go to the tracks of vehicles, around the time that is shown. @param {number[]} ids */
  tracks(ids) {
    const known = ids.filter((id) => id > 0);
    if (!known.length) return;
    const at = Math.floor(this.now() / 1000) * 1000;
    const around = `&from=${iso(at - AROUND_MS)}&to=${iso(at + AROUND_MS)}&t=${iso(at)}`;
    location.assign(`${this.#history}?v=${known.join(",")}${this.#stage.past ? around : ""}`);
  }

  #changed() {
    this.#bar.draw();
    const { on, playing, loading } = this.#machine;
    if (on !== this.#on) {
      this.#on = on;
      this.#parts.onTurn(on);
    }
    if (!playing && !loading) this.#parts.onRest();
  }
}
