// @ts-check
// The clock of a replay: real time × 1 to 600, which may leave out what nobody wants to wait for. Pure.

export const SPEEDS = /** @type {const} */ ([1, 10, 60, 300, 600]);
const LOOK_MS = 1000; // of the wall: so long a stop is seen before it is left out

/** @typedef {[number, number]} Interval milliseconds since the epoch */

export class ReplayClock {
  #from;
  #to;
  #time;
  #speed = 60;
  #playing = false;
  /** Wall time of the last look. */
  #looked = 0;
  /** @type {Interval[]} in order, apart from one another */
  skips = [];
  /** Called with what was left out. @param {Interval} _skipped */
  onSkip = (_skipped) => {};

  /** @param {number} from @param {number} to @param {number} [time] where to begin */
  constructor(from, to, time = from) {
    this.#from = from;
    this.#to = Math.max(from, to);
    this.#time = this.#within(time);
  }

  get from() {
    return this.#from;
  }

  get to() {
    return this.#to;
  }

  get time() {
    return this.#time;
  }

  get playing() {
    return this.#playing;
  }

  get speed() {
    return this.#speed;
  }

  /** The end may move on. @param {number} to */
  extend(to) {
    this.#to = Math.max(this.#from, to);
    this.#time = this.#within(this.#time);
  }

  /** @param {number} speed times the wall's @param {number} wall */
  setSpeed(speed, wall) {
    this.tick(wall);
    this.#speed = Math.min(SPEEDS[SPEEDS.length - 1], Math.max(SPEEDS[0], speed));
  }

  /** From the end it begins anew. @param {number} wall milliseconds */
  play(wall) {
    if (this.#to <= this.#from) return;
    if (this.#time >= this.#to) this.#time = this.#from;
    this.#playing = true;
    this.#looked = wall;
  }

  pause() {
    this.#playing = false;
  }

  /** @param {number} time @param {number} [wall] */
  seek(time, wall = this.#looked) {
    this.#time = this.#within(time);
    this.#looked = wall;
  }

  /** The time now; at the end it pauses. @param {number} wall milliseconds, never back */
  tick(wall) {
    if (!this.#playing) return this.#time;
    this.#time += Math.max(0, wall - this.#looked) * this.#speed;
    this.#looked = wall;
    this.#leaveOut();
    if (this.#time >= this.#to) {
      this.#time = this.#to;
      this.#playing = false;
    }
    return this.#time;
  }

  #leaveOut() {
    for (const [begin, end] of this.skips) {
      if (this.#time >= end) continue;
      if (this.#time < begin + LOOK_MS * this.#speed) return;
      this.#time = end;
      this.onSkip([begin, end]);
    }
  }

  /** @param {number} time */
  #within(time) {
    return Number.isNaN(time) ? this.#from : Math.min(this.#to, Math.max(this.#from, time));
  }
}

/**
 * What is in all of the lists at once.
 * @param {Interval[][]} lists each in order, apart from one another @param {number} least shorter ones do not count
 * @returns {Interval[]}
 */
export function common(lists, least) {
  if (!lists.length) return [];
  const shared = lists.reduce((some, others) => {
    /** @type {Interval[]} */
    const both = [];
    for (let i = 0, j = 0; i < some.length && j < others.length; ) {
      const [begin, end] = [Math.max(some[i][0], others[j][0]), Math.min(some[i][1], others[j][1])];
      if (begin < end) both.push([begin, end]);
      if (some[i][1] < others[j][1]) i++;
      else j++;
    }
    return both;
  });
  return shared.filter(([begin, end]) => end - begin > least);
}

/** Joins those that overlap or meet. @param {Interval[]} intervals @returns {Interval[]} in order, apart from one another */
export function joined(intervals) {
  /** @type {Interval[]} */
  const all = [];
  for (const [begin, end] of [...intervals].sort((a, b) => a[0] - b[0])) {
    const last = all.at(-1);
    if (last && begin <= last[1]) last[1] = Math.max(last[1], end);
    else all.push([begin, end]);
  }
  return all;
}
