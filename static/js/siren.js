// @ts-check
// The sound of an open alarm: two tones, again and again, until nobody wants it any more.
// Browsers let a page make sound only after a person did something in it: until then it is "blocked".

export const PAUSE_MS = 2500;
const TONES_HZ = [880, 1175];
const TONE_S = 0.18;
const LOUDNESS = 0.25; // of full scale
const LOCK = "fleetline-siren"; // one tab of a browser sounds, not all

/** @typedef {"quiet" | "sounding" | "blocked"} State */
/**
 * @typedef {object} Parts what a test replaces
 * @property {() => AudioContext} [make]
 * @property {LockManager | null} [locks]
 * @property {(state: State) => void} [onState]
 */

export class Siren {
  #make;
  #locks;
  #onState;
  /** @type {AudioContext | null} */
  #context = null;
  #wanted = false;
  /** @type {State} */
  #state = "quiet";
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;
  #turn = new AbortController();

  /** @param {Parts} [parts] */
  constructor({ make = () => new AudioContext(), locks = navigator.locks ?? null, onState = () => {} } = {}) {
    this.#make = make;
    this.#locks = locks;
    this.#onState = onState;
  }

  get state() {
    return this.#state;
  }

  /** @param {boolean} on */
  want(on) {
    if (on === this.#wanted) return;
    this.#wanted = on;
    // Where the browser knows the site well, or it is installed, no click is needed: try.
    if (on) this.#open().resume();
    this.#follow();
  }

  /** A person did something: from now on the browser lets the page be heard. */
  async unlock() {
    if (this.#context?.state === "running") return;
    await this.#open().resume();
    this.#follow();
  }

  #open() {
    if (!this.#context) {
      this.#context = this.#make();
      this.#context.onstatechange = () => this.#follow();
    }
    return this.#context;
  }

  #follow() {
    const running = this.#context?.state === "running";
    const state = !this.#wanted ? "quiet" : running ? "sounding" : "blocked";
    if (state === this.#state) return;
    this.#state = state;
    this.#turn.abort();
    clearInterval(this.#timer);
    if (state === "sounding") this.#sound();
    this.#onState(state);
  }

  #sound() {
    this.#turn = new AbortController();
    const { signal } = this.#turn;
    const begin = () => {
      if (signal.aborted) return;
      this.#beep();
      this.#timer = setInterval(() => this.#beep(), PAUSE_MS);
    };
    if (!this.#locks) return begin();
    const over = new Promise((resolve) => signal.addEventListener("abort", resolve));
    this.#locks
      .request(LOCK, { signal }, () => {
        begin();
        return over;
      })
      .catch(() => {}); // Quiet before it was this tab's turn.
  }

  #beep() {
    const context = /** @type {AudioContext} */ (this.#context);
    TONES_HZ.forEach((hertz, number) => {
      const start = context.currentTime + number * TONE_S;
      const tone = new OscillatorNode(context, { frequency: hertz, type: "triangle" });
      const volume = new GainNode(context, { gain: 0 });
      // Risen and fallen softly: a hard edge clicks.
      volume.gain.setTargetAtTime(LOUDNESS, start, 0.01);
      volume.gain.setTargetAtTime(0, start + TONE_S - 0.05, 0.015);
      tone.connect(volume).connect(context.destination);
      tone.start(start);
      tone.stop(start + TONE_S + 0.05);
    });
  }
}
