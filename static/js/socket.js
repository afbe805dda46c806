// @ts-check
// The page's one socket: it subscribes, acknowledges, notices silence and comes back by itself.

export const HEARTBEAT_MS = 15_000;
export const FIRST_RETRY_MS = 250;
export const MOST_RETRY_MS = 30_000;
export const PROBE_MS = 3000; // how long a ping may take before the connection counts as half open
export const ACK_MS = 20; // frames that come at once are acknowledged together: the server lets four be under way
const SILENCE_MS = 2 * HEARTBEAT_MS;
const REFUSALS = 2; // handshakes refused to somebody who is signed in
const REVOKED = 4403;

/** @typedef {"connecting" | "live" | "lost" | "signed-out" | "forbidden"} State */
/**
 * @typedef {object} Status times in milliseconds on this machine's clock
 * @property {State} state
 * @property {number} since when the state began
 * @property {number | null} heard when the last frame came: the picture is as of then
 * @property {number | null} retryAt
 */
/**
 * @typedef {object} Wire what is used of a WebSocket; packed.js has another
 * @property {(() => void) | null} onopen
 * @property {((event: { data: any }) => void) | null} onmessage
 * @property {((event: { code: number }) => void) | null} onclose
 * @property {(text: string) => void} send
 * @property {() => void} close
 */
/**
 * @typedef {object} Parts what a page or a test replaces
 * @property {new (url: string) => Wire} [WebSocket]
 * @property {() => Promise<"in" | "out" | "away">} [session] whether we are signed in
 * @property {() => number} [random]
 * @property {() => number} [now]
 * @property {(data: any) => any} [read] what came → frame, or the promise of one
 */

/** How long to wait before attempt n (0 first): doubling, of which half is chance. @param {number} n */
export function backoff(n, random = Math.random) {
  const most = Math.min(MOST_RETRY_MS, FIRST_RETRY_MS * 2 ** n);
  return most / 2 + (most / 2) * random();
}

/** @param {string} address of the session's endpoint @returns {Promise<"in" | "out" | "away">} */
export async function askSession(address) {
  try {
    const response = await fetch(address, { cache: "no-store", redirect: "manual" });
    if (response.ok) return "in";
    return response.status === 401 || response.status === 403 ? "out" : "away";
  } catch {
    return "away";
  }
}

export class Socket {
  #url;
  #subscription;
  #onFrame;
  #onStatus;
  #make;
  #session;
  #random;
  #now;
  #read;
  /** @type {Wire | null} */
  #socket = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #watchdog;
  /** Whether nothing came since the watchdog was set. */
  #silent = true;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #ack;
  #taken = 0;
  #attempts = 0;
  #refusals = 0;
  #opened = false;
  /** @type {number | null} */
  #heard = null;
  /** @type {Status} */
  #status = { state: "connecting", since: 0, heard: null, retryAt: null };

  /**
   * @param {string} url
   * @param {object} options
   * @param {string[]} [options.fleets] none: all that the user may see
   * @param {(frame: any) => void} options.onFrame called before the frame is acknowledged
   * @param {(status: Status) => void} [options.onStatus]
   * @param {Parts} [parts]
   */
  constructor(url, { fleets, onFrame, onStatus = () => {} }, parts = {}) {
    this.#url = url;
    this.#subscription = JSON.stringify({ type: "subscribe", ...(fleets ? { fleets } : {}) });
    this.#onFrame = onFrame;
    this.#onStatus = onStatus;
    this.#make = parts.WebSocket ?? globalThis.WebSocket;
    this.#session = parts.session ?? (async () => /** @type {const} */ ("in"));
    this.#random = parts.random ?? Math.random;
    this.#now = parts.now ?? Date.now;
    this.#read = parts.read ?? JSON.parse;
  }

  get status() {
    return this.#status;
  }

  open() {
    clearTimeout(this.#retry);
    clearTimeout(this.#ack);
    this.#ack = undefined;
    if (!this.#status.since) this.#say("connecting");
    const socket = new this.#make(this.#url);
    this.#socket = socket;
    this.#opened = false;
    socket.onopen = () => {
      this.#opened = true;
      socket.send(this.#subscription);
    };
    socket.onmessage = (event) => this.#take(socket, event.data);
    socket.onclose = (event) => this.#closed(socket, event.code);
    this.#watch();
  }

  /** Try now: the network or the tab came back, or a person asked for it. */
  wake() {
    const { state } = this.#status;
    if (state === "lost" || state === "signed-out" || state === "forbidden") {
      this.#drop();
      this.open();
    } else if (state === "live") this.#probe();
  }

  /** Whether the frame went out: nothing is kept for later. @param {object} frame */
  send(frame) {
    if (this.#status.state !== "live" || !this.#opened) return false;
    this.#socket?.send(JSON.stringify(frame));
    return this.#socket !== null;
  }

  close() {
    clearTimeout(this.#retry);
    clearTimeout(this.#watchdog);
    this.#drop();
  }

  /** @param {Wire} socket @param {any} data */
  #take(socket, data) {
    if (socket !== this.#socket) return;
    this.#silent = false;
    this.#heard = this.#now();
    const frame = this.#read(data);
    if (frame instanceof Promise) frame.then((ready) => this.#use(socket, ready));
    else this.#use(socket, frame);
  }

  /** @param {Wire} socket @param {any} frame */
  #use(socket, frame) {
    if (socket !== this.#socket) return;
    if (frame.type === "snapshot") {
      this.#attempts = 0;
      this.#refusals = 0;
      this.#say("live");
    }
    try {
      this.#onFrame(frame);
    } finally {
      // Acknowledged even when the page stumbled over it: a page that never acks is cut off.
      if (typeof frame.n === "number") this.#acknowledge(frame.n);
    }
  }

  /** @param {number} n */
  #acknowledge(n) {
    this.#taken = n;
    this.#ack ??= setTimeout(() => {
      this.#ack = undefined;
      this.#socket?.send(JSON.stringify({ type: "ack", n: this.#taken }));
    }, ACK_MS);
  }

  /** A half-open socket says nothing: two heartbeats of silence are a loss. Frames set no timer: this one looks back. */
  #watch(patience = SILENCE_MS) {
    clearTimeout(this.#watchdog);
    this.#silent = true;
    const socket = this.#socket;
    this.#watchdog = setTimeout(() => {
      const rest = this.#silent ? 0 : (this.#heard ?? 0) + SILENCE_MS - this.#now();
      if (rest > 0) return this.#watch(Math.min(rest, SILENCE_MS));
      this.#drop();
      if (socket) this.#lost();
    }, patience);
  }

  /** After sleep or another network a socket may be dead without knowing: whoever lives answers a ping. */
  #probe() {
    this.#socket?.send(JSON.stringify({ type: "ping" }));
    this.#watch(PROBE_MS);
  }

  /** @param {Wire} socket @param {number} code */
  async #closed(socket, code) {
    if (socket !== this.#socket) return;
    clearTimeout(this.#watchdog);
    const refused = !this.#opened;
    this.#socket = null;
    this.#lost();
    // A refused handshake looks like a server that is away: ask which it is.
    const answer = await this.#session();
    if (this.#socket !== null) return;
    if (answer === "out") {
      clearTimeout(this.#retry);
      this.#say("signed-out");
    } else if (code === REVOKED) this.#attempts++;
    this.#refusals = answer === "in" && refused ? this.#refusals + 1 : 0;
    if (this.#refusals >= REFUSALS) this.#say("forbidden", this.#status.retryAt);
  }

  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #lost() {
    const wait = backoff(this.#attempts++, this.#random);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.open(), wait);
    this.#say(this.#refusals >= REFUSALS ? "forbidden" : "lost", this.#now() + wait);
  }

  /** @param {State} state @param {number | null} [retryAt] */
  #say(state, retryAt = null) {
    const since = state === this.#status.state && this.#status.since ? this.#status.since : this.#now();
    this.#status = { state, since, heard: this.#heard, retryAt };
    this.#onStatus(this.#status);
  }
}
