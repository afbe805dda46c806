// @ts-check
// Places in words, asked for together and kept: only of what is in view, and seldom of what moves fast.

import { metres } from "./geo.js";

export const ASK_MS = 300; // what is wanted within this goes in one question
export const MOST = 50; // places a question
const NEAR_M = 60; // closer than that is the same place
const ON_THE_WAY_M = 300; // of a vehicle that moves: its words may be so far behind
const FAR_M = 1500; // and beyond that they are no longer said
const PATIENCE_MS = 15_000; // between two questions about one that moves
export const REST_MS = 10_000; // after a question without an answer
const MOVING_MS = 1.5; // metres/second

/** @typedef {{ lat: number, lon: number, words: string, asked: number }} Place */

export class Where {
  #address;
  #fetch;
  #onWords;
  /** @type {Map<number, Place>} by vehicle */
  #known = new Map();
  /** @type {Map<number, { lat: number, lon: number }>} */
  #wanted = new Map();
  #waiting = false;
  #restUntil = 0;

  /**
   * @param {string} address of the places' endpoint
   * @param {() => void} onWords called when some are known
   * @param {typeof fetch} [ask]
   */
  constructor(address, onWords, ask = (...request) => fetch(...request)) {
    this.#address = address;
    this.#onWords = onWords;
    this.#fetch = ask;
  }

  /**
   * Where a vehicle is, as far as it is known; asks when that has become old.
   * @param {number} id @param {{ lat: number, lon: number, speed: number }} fix @param {number} now milliseconds
   */
  of(id, { lat, lon, speed }, now) {
    if (!Number.isFinite(lat)) return "";
    const place = this.#known.get(id);
    const moved = place ? metres(place.lat, place.lon, lat, lon) : Number.POSITIVE_INFINITY;
    const moving = speed >= MOVING_MS;
    const early = moving && place !== undefined && now - place.asked < PATIENCE_MS;
    if (moved > (moving ? ON_THE_WAY_M : NEAR_M) && !early) this.#want(id, { lat, lon });
    return place && moved < FAR_M ? place.words : "";
  }

  /** What is at a place; "" when that cannot be had. @param {number} lat @param {number} lon */
  async at(lat, lon) {
    const [words = ""] = await this.#places([{ lat, lon }]);
    return words;
  }

  /** What is at several places, in their order; "" where that cannot be had. @param {{ lat: number, lon: number }[]} places */
  async all(places) {
    const words = [];
    for (let at = 0; at < places.length; at += MOST) {
      const part = places.slice(at, at + MOST);
      const found = await this.#places(part);
      words.push(...part.map((_, index) => found[index] ?? ""));
    }
    return words;
  }

  /** @param {number} id @param {{ lat: number, lon: number }} place */
  #want(id, place) {
    if (Date.now() < this.#restUntil) return;
    this.#wanted.set(id, place);
    if (this.#waiting) return;
    this.#waiting = true;
    setTimeout(() => this.#ask(), ASK_MS);
  }

  async #ask() {
    const asked = [...this.#wanted].slice(-MOST); // the newest: what is in view now
    this.#wanted.clear();
    const places = await this.#places(asked.map(([, place]) => place));
    const now = Date.now();
    if (places.length !== asked.length) this.#restUntil = now + REST_MS;
    else
      for (const [index, [id, { lat, lon }]] of asked.entries())
        this.#known.set(id, { lat, lon, words: places[index], asked: now });
    this.#waiting = this.#wanted.size > 0; // while the answer was under way
    if (this.#waiting) setTimeout(() => this.#ask(), ASK_MS);
    this.#onWords();
  }

  /** @param {{ lat: number, lon: number }[]} places @returns {Promise<string[]>} none when there is no answer */
  async #places(places) {
    const query = places.map(({ lat, lon }) => `at=${lat.toFixed(4)},${lon.toFixed(4)}`).join("&");
    try {
      const response = await this.#fetch(`${this.#address}?${query}`);
      return response.ok ? (await response.json()).places : [];
    } catch {
      return [];
    }
  }
}
