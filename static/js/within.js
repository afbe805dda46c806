// @ts-check
// Who was near a place between two times: a form on the card of the place, and a list that leads to the tracks.

import { clockTime, day, distance, length } from "./format.js";
import { iso } from "./history-address.js";
import { made } from "./history-cards.js";
import { ask, problem } from "./history-load.js";
import { n, page, t } from "./i18n.js";
import { instant, local } from "./zoned.js";

const FOOT = 0.3048;
const RADII = { metric: [50, 100, 300, 1000, 3000], imperial: [150, 300, 1000, 3000, 10_000] }; // metres, feet
const USUAL = 2;
const HOUR_MS = 3_600_000;
const MARGIN_MS = 10 * 60_000; // of the track that a result leads to

const imperial = () => page["units"] === "imperial";

export class Within {
  #box;
  #form;
  #address;
  #on;
  /** @type {[number, number] | null} longitude, latitude */
  #point = null;

  /**
   * @param {HTMLElement} box @param {string} address
   * @param {{ now: () => number, past: () => boolean, zone: string, onArea: (centre: [number, number] | null, metres: number) => void }} on
   *   `now` that is shown, whether it is the past, and which area is meant
   */
  constructor(box, address, on) {
    this.#box = /** @type {HTMLDetailsElement} */ (box);
    this.#form = /** @type {HTMLFormElement} */ (box.querySelector("form"));
    this.#address = address;
    this.#on = on;
    const radii = RADII[imperial() ? "imperial" : "metric"].map((radius, index) => {
      const metres = imperial() ? radius * FOOT : radius;
      const words = metres < 1000 ? length(metres) : distance(metres);
      return new Option(words, String(Math.round(metres)), index === USUAL, index === USUAL);
    });
    this.#input("radius").replaceChildren(...radii);
    box.addEventListener("toggle", () => {
      if (this.#box.open) this.#times();
      this.#area();
    });
    this.#input("radius").addEventListener("change", () => this.#area());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#find();
    });
  }

  /** @param {string} name */
  #input(name) {
    return /** @type {HTMLInputElement} */ (this.#form.elements.namedItem(name));
  }

  /** Another place; null: none. @param {[number, number] | null} point longitude, latitude */
  at(point) {
    if (point === this.#point) return;
    this.#point = point;
    this.#say("");
    this.#list([]);
    if (this.#box.open) this.#times();
    this.#area();
  }

  #area() {
    this.#on.onArea(this.#box.open ? this.#point : null, Number(this.#input("radius").value));
  }

  /** The hour up to now; of a past instant, half an hour on both sides. */
  #times() {
    const now = this.#on.now();
    const to = Math.floor((this.#on.past() ? now + HOUR_MS / 2 : now + 60_000) / 60_000) * 60_000;
    this.#input("from").value = local(to - HOUR_MS, this.#on.zone);
    this.#input("to").value = local(to, this.#on.zone);
  }

  async #find() {
    const point = this.#point;
    const [from, to] = ["from", "to"].map((name) => instant(this.#input(name).value, this.#on.zone));
    if (!point) return;
    if (!(from < to)) return this.#say(t("The end must be after the beginning."));
    const [lon, lat] = point.map((degrees) => degrees.toFixed(6));
    const query = { lat, lon, radius: this.#input("radius").value, from: iso(from), to: iso(to) };
    this.#say(t("Looking …"));
    this.#list([]);
    try {
      const { vehicles, complete = true } = await ask(`${this.#address}?${new URLSearchParams(query)}`);
      if (point !== this.#point) return;
      const found = vehicles.length
        ? n("{n} vehicle was here.", "{n} vehicles were here.", vehicles.length)
        : t("Nobody was here.");
      this.#say(complete ? found : `${found} ${t("There may be more: choose a shorter time.")}`);
      this.#list(vehicles);
    } catch (error) {
      if (point === this.#point) this.#say(problem(error));
    }
  }

  /** @param {string} words */
  #say(words) {
    /** @type {Element} */ (this.#box.querySelector(".within-said")).textContent = words;
  }

  /** @param {{ id: number, name: string, first: number, last: number, nearest: number }[]} vehicles */
  #list(vehicles) {
    const lines = vehicles.map(({ id, name, first, last, nearest }) => {
      const range = `from=${iso(first - MARGIN_MS)}&to=${iso(last + MARGIN_MS)}&t=${iso(Math.floor(first / 1000) * 1000)}`;
      const end = day(first) === day(last) ? clockTime(last) : `${day(last)} ${clockTime(last)}`;
      const link = made(
        "a",
        "",
        made("strong", "", name),
        made("span", "within-far", length(nearest)),
        made("span", "within-when", `${day(first)} ${clockTime(first)} – ${end}`),
      );
      link.href = `/history/?v=${id}&${range}`;
      return made("li", "", link);
    });
    this.#box.querySelector(".within-found")?.replaceChildren(...lines);
  }
}
