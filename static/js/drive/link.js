// @ts-check
// The phone's socket: it comes back by itself, and at once when the network or the page does.

export const FIRST_RETRY_MS = 500;
export const MOST_RETRY_MS = 30_000;
export const PING_MS = 20_000;
export const SILENCE_MS = 30_000; // a half-open socket says nothing
export const PROBE_MS = 3000;
// The server closed and expects no return: expired, revoked, taken over by another phone.
export const FINAL = new Set([4401, 4403, 4409]);
const REFUSALS = 2; // failed handshakes before it is asked whether the token is refused

/** @typedef {"off" | "connecting" | "live" | "lost" | "ended"} State */
/**
 * @typedef {object} Parts what a test replaces
 * @property {new (url: string, protocols: string[]) => WebSocket} [WebSocket]
 * @property {() => Promise<0 | 4401 | 4403>} [refusal] with which code a token is refused; 0: it is not, or who knows
 * @property {() => number} [random]
 */

/** How long to wait before attempt n (0 first): doubling, of which half is chance. @param {number} n */
export function backoff(n, random = Math.random) {
  const most = Math.min(MOST_RETRY_MS, FIRST_RETRY_MS * 2 ** n);
  return most / 2 + (most / 2) * random();
}

export class Link {
  #url;
  #token;
  #onFrame;
  #onState;
  #make;
  #refusal;
  #random;
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #watchdog;
  #attempts = 0;
  #refused = 0;
  #retryAfter = 0;
  #opened = false;
  /** @type {State} */
  state = "off";
  /** Counts the connections that were tried. */
  connection = 0;
  /** With which the server ended it for good. */
  code = 0;

  /**
   * @param {string} url
   * @param {object} options
   * @param {() => string} options.token asked for at each attempt: it may have been renewed
   * @param {(frame: any, connection: number) => void} options.onFrame on which of the connections
   * @param {(state: State) => void} options.onState
   * @param {Parts} [parts]
   */
  constructor(url, { token, onFrame, onState }, parts = {}) {
    this.#url = url;
    this.#token = token;
    this.#onFrame = onFrame;
    this.#onState = onState;
    this.#make = parts.WebSocket ?? globalThis.WebSocket;
    this.#refusal = parts.refusal ?? (async () => /** @type {const} */ (0));
    this.#random = parts.random ?? Math.random;
  }

  open() {
    this.#drop();
    this.connection++;
    this.#opened = false;
    this.code = 0;
    const socket = new this.#make(this.#url, ["gps.v1", "gps.alerts", `jwt.${this.#token()}`]);
    this.#socket = socket;
    socket.onmessage = (event) => this.#take(socket, event.data);
    socket.onclose = (event) => this.#closed(socket, event.code);
    if (this.state !== "lost") this.#say("connecting");
    this.#watch(SILENCE_MS);
  }

  /** The network or the page came back, or a person asked for it. */
  wake() {
    if (this.state === "lost") this.open();
    else if (this.state === "live") {
      this.send({ type: "ping" });
      this.#watch(PROBE_MS);
    }
  }

  /** @param {object} frame @returns {boolean} whether it went out */
  send(frame) {
    if (this.state !== "live" || !this.#socket) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Come back on a new connection, after a pause. */
  again() {
    this.#drop();
    this.#lost();
  }

  close() {
    this.#drop();
    this.#say("off");
  }

  /** @param {WebSocket} socket @param {string} data */
  #take(socket, data) {
    if (socket !== this.#socket) return;
    this.#watch(SILENCE_MS);
    const frame = JSON.parse(data);
    if (frame.type === "hello") {
      this.#opened = true;
      this.#attempts = this.#refused = this.#retryAfter = 0;
      this.#say("live");
    }
    if (frame.code === "busy") this.#retryAfter = 1000 * (frame.retry_after ?? 0);
    this.#onFrame(frame, this.connection);
  }

  /** @param {WebSocket} socket @param {number} code */
  async #closed(socket, code) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    if (FINAL.has(code)) return this.#end(code);
    this.#lost();
    // A refused handshake looks like a server that is away: ask which it is.
    if (!this.#opened && ++this.#refused >= REFUSALS && globalThis.navigator?.onLine !== false) {
      const refusal = await this.#refusal();
      if (refusal && this.state === "lost") {
        this.#drop();
        this.#end(refusal);
      }
    }
  }

  /** @param {number} code */
  #end(code) {
    clearTimeout(this.#timer);
    clearTimeout(this.#watchdog);
    this.code = code;
    this.#say("ended");
  }

  /** @param {number} patience */
  #watch(patience) {
    clearTimeout(this.#watchdog);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.send({ type: "ping" }), PING_MS);
    this.#watchdog = setTimeout(() => this.again(), patience);
  }

  #drop() {
    clearTimeout(this.#timer);
    clearTimeout(this.#watchdog);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #lost() {
    clearTimeout(this.#watchdog);
    clearTimeout(this.#timer);
    const wait = Math.max(backoff(this.#attempts++, this.#random), this.#retryAfter * (1 + this.#random()));
    this.#timer = setTimeout(() => this.open(), wait);
    this.#say("lost");
  }

  /** @param {State} state */
  #say(state) {
    this.state = state;
    this.#onState(state);
  }
}
