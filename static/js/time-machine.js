// @ts-check
// Takes the live page to any past instant and plays from there; the live picture is kept meanwhile.

import { ask } from "./history-load.js";
import { readAnswer } from "./packed.js";
import { PastTracks } from "./past-tracks.js";
import { ReplayClock } from "./replay-clock.js";

const STEP_MS = 100; // between two pictures; markers glide over it
const CALM_MS = 1000; // for who wants no motion
const LEAST_CHUNK_MS = 2 * 60_000;
const MOST_CHUNK_MS = 60 * 60_000; // as much as the server answers at once
const MOST_FIXES = 400_000; // of a chunk, at one each 5 s and vehicle
const AHEAD_MS = 4000; // of the wall: so early the next chunk is asked for
const MARKS_MS = 5 * 60_000; // of the past: then alerts and connections are asked for anew …
const MARKS_WALL_MS = 3000; // … but not more often
const still = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)");

/** @typedef {import("./stage.js").Stage} Stage */
/** @typedef {import("./store.js").Store} Store */
/**
 * @typedef {object} On
 * @property {(jump: boolean) => void} onPicture another time is shown; jump: not the one that follows
 * @property {(moved: number[], fixed: number[], ms: number) => void} onMove slots, and how long to glide
 * @property {(error: unknown) => void} onError the picture did not come
 * @property {() => void} onState playing, waiting, loading or not is another now
 */

export class TimeMachine {
  #stage;
  #live;
  #now;
  #on;
  #addresses;
  #clock = new ReplayClock(0, 0);
  /** @type {PastTracks | null} */
  #tracks = null;
  #chunk = false;
  #marked = { past: 0, wall: 0 };
  #timer = 0;
  /** @type {AbortController | null} */
  #asking = null;
  /** Where to, while its picture is under way; NaN: nowhere. */
  #goal = Number.NaN;

  /**
   * @param {Stage} stage @param {Store} live
   * @param {{ now: () => number, picture: string, tracks: string }} parts server time; addresses
   * @param {On} on
   */
  constructor(stage, live, { now, picture, tracks }, on) {
    this.#stage = stage;
    this.#live = live;
    this.#now = now;
    this.#addresses = { picture, tracks };
    this.#on = on;
  }

  /** Whether another time than now is shown, or will be at once. */
  get on() {
    return this.#stage.past !== null || !Number.isNaN(this.#goal);
  }

  /** The time that is shown or asked for. */
  get time() {
    return Number.isNaN(this.#goal) ? this.#clock.time : this.#goal;
  }

  /** The time of the picture that is shown. */
  get shown() {
    return this.#clock.time;
  }

  get loading() {
    return !Number.isNaN(this.#goal);
  }

  get playing() {
    return this.#clock.playing;
  }

  /** Whether the tracks have not come yet that are to be played. */
  get waiting() {
    return this.playing && this.#chunk && this.#tracks !== null && this.#clock.time >= this.#tracks.until;
  }

  get speed() {
    return this.#clock.speed;
  }

  /** @param {number} speed times the wall's */
  setSpeed(speed) {
    this.#clock.setSpeed(speed, performance.now());
    this.#on.onState();
  }

  /** Show how it was. The newest question wins. @param {number} at milliseconds */
  async go(at) {
    const { playing, speed } = this.#clock;
    this.#stop();
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    this.#goal = Math.min(Math.round(at), this.#now());
    this.#on.onState();
    try {
      const picture = await ask(this.#address("picture", { at: this.#goal }), asking.signal, readAnswer);
      if (asking.signal.aborted) return;
      const past = this.#live.likeness();
      past.picture(picture);
      this.#stage.show(past);
      this.#clock = new ReplayClock(Math.min(0, this.#goal), this.#now(), this.#goal);
      this.#clock.setSpeed(speed, performance.now());
      this.#tracks = new PastTracks(past, this.#goal);
      this.#marked = { past: this.#goal, wall: performance.now() };
      this.#goal = Number.NaN;
      this.#on.onPicture(true);
      if (playing) this.play();
    } catch (error) {
      if (asking.signal.aborted) return;
      this.#goal = Number.NaN;
      this.#on.onError(error);
    }
    this.#on.onState();
  }

  play() {
    if (!this.#stage.past || this.loading) return;
    this.#clock.extend(this.#now());
    this.#clock.play(performance.now());
    this.#fetch();
    this.#run();
    this.#on.onState();
  }

  pause() {
    this.#stop();
    this.#on.onState();
  }

  #stop() {
    clearTimeout(this.#timer);
    this.#clock.pause();
  }

  /** Back to now, at once: it was kept. */
  live() {
    this.#stop();
    this.#asking?.abort();
    this.#goal = Number.NaN;
    this.#tracks = null;
    this.#stage.show(null);
    this.#on.onPicture(true);
    this.#on.onState();
  }

  #run() {
    clearTimeout(this.#timer);
    const step = still?.matches ? CALM_MS : STEP_MS;
    this.#timer = setTimeout(() => {
      this.#step(step);
      if (this.playing) this.#run();
    }, step);
  }

  /** @param {number} glide milliseconds */
  #step(glide) {
    const tracks = this.#tracks;
    if (!tracks) return;
    const wall = performance.now();
    this.#clock.extend(this.#now());
    const time = this.#clock.tick(wall);
    if (time > tracks.until) this.#clock.seek(tracks.until, wall); // until more has come
    if (this.#clock.time >= this.#now() - STEP_MS * this.speed) return this.live();
    this.#fetch();
    this.#mark(wall);
    const { moved, fixed } = tracks.advance(this.#clock.time);
    this.#on.onMove(moved, fixed, glide);
    this.#on.onState();
  }

  /** What will be played soon. */
  async #fetch() {
    const tracks = this.#tracks;
    if (!tracks || this.#chunk || this.#clock.time + AHEAD_MS * this.speed < tracks.until) return;
    if (tracks.until >= this.#now()) return;
    this.#chunk = true;
    const room = (MOST_FIXES / Math.max(1, this.#live.size)) * 5000;
    const wanted = Math.max(LEAST_CHUNK_MS, 30_000 * this.speed);
    const to = Math.min(tracks.until + Math.min(MOST_CHUNK_MS, room, wanted), this.#now());
    try {
      const address = this.#address("tracks", { from: tracks.until, to: Math.ceil(to) });
      const chunk = await ask(address, undefined, readAnswer);
      if (tracks === this.#tracks) tracks.add(chunk);
    } catch (error) {
      if (tracks === this.#tracks) {
        this.pause();
        this.#on.onError(error);
      }
    } finally {
      this.#chunk = false;
    }
  }

  /** Alerts and connections as of then, now and then. @param {number} wall */
  async #mark(wall) {
    const { past } = this.#stage;
    const { time } = this.#clock;
    if (time - this.#marked.past < MARKS_MS || wall - this.#marked.wall < MARKS_WALL_MS) return;
    this.#marked = { past: time, wall };
    try {
      const { alerts, online, intervals } = await ask(this.#address("picture", { at: Math.round(time) }));
      if (past === this.#stage.past) past?.mark({ alerts, online, intervals });
    } catch {
      // Asked again in a moment; the positions go on.
    }
  }

  /** @param {"picture" | "tracks"} what @param {Record<string, number>} times milliseconds */
  #address(what, times) {
    const query = Object.entries(times).map(([name, ms]) => `${name}=${new Date(ms).toISOString()}`);
    return `${this.#addresses[what]}?${query.join("&")}`;
  }
}
