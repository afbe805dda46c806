// @ts-check
// Who is nearest to a place: a card on the map; the list is sorted by distance while it is open.

import { coordinates, distance } from "./format.js";
import { t } from "./i18n.js";

const SHOWN = 5;

/** @typedef {import("./store.js").Store} Store */

export class Nearest {
  #card;
  #where;
  #except = -1;
  /** @type {[number, number] | null} longitude, latitude */
  point = null;

  /** @param {HTMLElement} card @param {(lat: number, lon: number) => Promise<string>} where in words */
  constructor(card, where) {
    this.#card = card;
    this.#where = where;
  }

  /** @param {[number, number]} point longitude, latitude @param {{ id: number, name: string }} [vehicle] that is there */
  async open(point, vehicle) {
    this.point = point;
    this.#except = vehicle?.id ?? -1;
    this.#card.hidden = false;
    const [lon, lat] = point;
    const place = /** @type {HTMLElement} */ (this.#card.querySelector("[data-place]"));
    place.textContent = vehicle ? t("to {name}", { name: vehicle.name }) : coordinates(lat, lon);
    if (vehicle) return;
    const words = await this.#where(lat, lon);
    if (this.point === point && words) place.textContent = `${words} · ${coordinates(lat, lon)}`;
  }

  close() {
    this.point = null;
    this.#card.hidden = true;
  }

  /** Write the nearest ones; each selects its vehicle. @param {Store} store @param {number[]} slots nearest first @param {Float64Array} metres */
  show(store, slots, metres) {
    if (!this.point) return;
    const list = /** @type {HTMLElement} */ (this.#card.querySelector("ol"));
    const others = slots.filter((slot) => store.vehicle(slot)?.id !== this.#except);
    const found = others.slice(0, SHOWN).filter((slot) => Number.isFinite(metres[slot]));
    while (list.children.length > found.length) list.lastElementChild?.remove();
    while (list.children.length < found.length) list.append(line());
    for (const [index, slot] of found.entries()) {
      const button = /** @type {HTMLElement} */ (list.children[index].firstElementChild);
      const vehicle = store.vehicle(slot);
      if (button.dataset["show"] !== String(vehicle?.id)) button.dataset["show"] = String(vehicle?.id);
      const [name, far] = /** @type {Iterable<HTMLElement>} */ (button.children);
      if (name.textContent !== vehicle?.name) name.textContent = vehicle?.name ?? "";
      const said = distance(metres[slot]);
      if (far.textContent !== said) far.textContent = said;
    }
  }
}

function line() {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.append(document.createElement("span"), document.createElement("span"));
  item.append(button);
  return item;
}
