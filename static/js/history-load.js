// @ts-check
// Asks the server for tracks: each once, of the newest question only.

import { iso } from "./history-address.js";
import { t } from "./i18n.js";
import { Track } from "./track.js";

const KEPT = 24; // tracks
/** While one looks around. What a device kept for later changes what is over, too. */
const KEPT_MS = 60_000;
/** What a screen can show of one track. */
const MOST_FIXES = 5000;

/** An answer that is none. */
export class Refused extends Error {
  /** @param {number} status of HTTP; 0: no answer at all @param {string} [detail] of the server, in the reader's language */
  constructor(status, detail = "") {
    super(detail || `status ${status}`);
    this.status = status;
    this.detail = detail;
  }
}

/**
 * @param {string} address @param {AbortSignal} [signal] @param {(response: Response) => Promise<any>} [read]
 * @returns {Promise<any>} throws Refused
 */
export async function ask(address, signal, read = (response) => response.json()) {
  let response;
  try {
    response = await fetch(address, { signal });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Refused(0);
  }
  if (response.ok) return read(response);
  const { detail = "" } = await response.json().catch(() => ({}));
  throw new Refused(response.status, typeof detail === "string" ? detail : "");
}

/** Whether what was asked for is not there, for this person. @param {unknown} error */
export const missing = (error) => error instanceof Refused && error.status === 404;

/** In words, for who asked. @param {unknown} error */
export function problem(error) {
  const { status, detail } = error instanceof Refused ? error : new Refused(0);
  if (status === 401) return t("You are signed out. Sign in, then try again.");
  if (status === 404) return t("There is no such vehicle in your fleets. It may have been removed.");
  if (status === 429) return t("Too many questions at once. Try again in a moment.");
  if (status === 0) return t("The server does not answer.");
  return detail || t("The track could not be read (error {status}).", { status });
}

export class History {
  #address;
  /** @type {AbortController | null} */
  #running = null;
  /** @type {Map<string, { track: Track, asked: number }>} */
  #kept = new Map();

  /** @param {string} address with 0 for a vehicle's id */
  constructor(address) {
    this.#address = address;
  }

  /** The next answer comes from the server. */
  forget() {
    this.#kept.clear();
  }

  /**
   * The tracks of vehicles in their order.
   * @param {number[]} ids @param {number} from @param {number} to milliseconds
   * @returns {Promise<{ tracks: Track[], error: unknown } | null>} what came although something did not; null when
   *   another question overtook this one
   */
  async load(ids, from, to) {
    this.#running?.abort();
    const running = new AbortController();
    this.#running = running;
    const answers = await Promise.allSettled(ids.map((id) => this.#one(id, from, to, running.signal)));
    if (running.signal.aborted) return null;
    const tracks = answers
      .filter(({ status }) => status === "fulfilled")
      .map((answer) => /** @type {any} */ (answer).value);
    const failed = answers.find(({ status }) => status === "rejected");
    return { tracks, error: /** @type {any} */ (failed)?.reason ?? null };
  }

  /** @param {number} id @param {number} from @param {number} to @param {AbortSignal} signal */
  async #one(id, from, to, signal) {
    const query = new URLSearchParams({ from: iso(from), to: iso(to), most: String(MOST_FIXES) });
    const address = `${this.#address.replace("/0/", `/${id}/`)}?${query}`;
    const asked = Date.now();
    const known = this.#kept.get(address);
    if (known && to < known.asked && asked - known.asked < KEPT_MS) return known.track;
    const track = new Track(await ask(address, signal));
    this.#kept.delete(address); // the oldest stand first
    this.#kept.set(address, { track, asked });
    if (this.#kept.size > KEPT) this.#kept.delete(/** @type {string} */ (this.#kept.keys().next().value));
    return track;
  }
}
