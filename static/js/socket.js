// @ts-check
// The page's one socket: it subscribes, acknowledges, notices silence and comes back by itself.

export const HEARTBEAT_MS = 15_000;
export const FIRST_RETRY_MS = 250;
export const MOST_RETRY_MS = 30_000;
const REVOKED = 4403;

/** @typedef {"connecting" | "live" | "lost" | "signed-out"} State */
/** @typedef {{ state: State, since: number, retryAt: number | null }} Status `since`: when the state began */
/**
 * @typedef {object} Parts what a test replaces
 * @property {new (url: string) => WebSocket} [WebSocket]
 * @property {() => Promise<"in" | "out" | "away">} [session] whether we are signed in
 * @property {() => number} [random]
 * @property {() => number} [now]
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
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #watchdog;
  #attempts = 0;
  #wasLive = false;
  /** @type {Status} */
  #status = { state: "connecting", since: 0, retryAt: null };

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
  }

  get status() {
    return this.#status;
  }

  open() {
    clearTimeout(this.#retry);
    if (!this.#wasLive) this.#say("connecting");
    const socket = new this.#make(this.#url);
    this.#socket = socket;
    socket.onopen = () => socket.send(this.#subscription);
    socket.onmessage = (event) => this.#take(socket, event.data);
    socket.onclose = (event) => this.#closed(socket, event.code);
    this.#watch();
  }

  /** Try now: the network or the tab came back, or a person asked for it. */
  wake() {
    if (this.#status.state === "lost" || this.#status.state === "signed-out") {
      this.#drop();
      this.open();
    }
  }

  close() {
    clearTimeout(this.#retry);
    clearTimeout(this.#watchdog);
    this.#drop();
  }

  /** @param {WebSocket} socket @param {string} data */
  #take(socket, data) {
    if (socket !== this.#socket) return;
    this.#watch();
    const frame = JSON.parse(data);
    if (frame.type === "snapshot") {
      this.#attempts = 0;
      this.#wasLive = true;
      this.#say("live");
    }
    try {
      this.#onFrame(frame);
    } finally {
      // Acknowledged even when the page stumbled over it: a page that never acks is cut off.
      if (typeof frame.n === "number") socket.send(JSON.stringify({ type: "ack", n: frame.n }));
    }
  }

  /** A half-open socket says nothing: two heartbeats of silence are a loss. */
  #watch() {
    clearTimeout(this.#watchdog);
    const socket = this.#socket;
    this.#watchdog = setTimeout(() => {
      this.#drop();
      if (socket) this.#lost();
    }, 2 * HEARTBEAT_MS);
  }

  /** @param {WebSocket} socket @param {number} code */
  async #closed(socket, code) {
    if (socket !== this.#socket) return;
    clearTimeout(this.#watchdog);
    this.#socket = null;
    this.#lost();
    // A refused handshake looks like a server that is away: ask which it is.
    const answer = await this.#session();
    if (this.#socket !== null) return;
    if (answer === "out") {
      clearTimeout(this.#retry);
      this.#say("signed-out");
    } else if (code === REVOKED) this.#attempts++;
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
    this.#say("lost", this.#now() + wait);
  }

  /** @param {State} state @param {number | null} [retryAt] */
  #say(state, retryAt = null) {
    const since = state === this.#status.state && this.#status.since ? this.#status.since : this.#now();
    this.#status = { state, since, retryAt };
    this.#onStatus(this.#status);
  }
}
