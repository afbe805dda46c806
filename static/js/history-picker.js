// @ts-check
// Choosing vehicles among ten thousand: a search box whose list shows the best ones.

import { Names, plain } from "./arrange.js";
import { MOST_VEHICLES } from "./history-address.js";
import { n, page, t } from "./i18n.js";

const SHOWN = 40;

/** @typedef {import("./store.js").Store} Store */
/** @typedef {{ id: number, name: string, colour: string }} Chosen colour: CSS */

export class Picker {
  #names = new Names();
  #store;
  #on;
  #search;
  #list;
  #popup;
  #note;
  #chosen;
  /** @type {Set<number>} */
  #ids = new Set();
  /** @type {number[]} slots as listed */
  #found = [];
  #at = -1;

  /**
   * @param {HTMLElement} element @param {Store} store
   * @param {{ onAdd: (id: number) => void, onRemove: (id: number) => void }} on
   */
  constructor(element, store, on) {
    this.#store = store;
    this.#on = on;
    const part = (/** @type {string} */ selector) =>
      /** @type {HTMLElement} */ (element.querySelector(selector));
    this.#search = /** @type {HTMLInputElement} */ (part("input"));
    this.#list = part("[role=listbox]");
    this.#popup = part(".picker-popup");
    this.#note = part(".picker-note");
    this.#chosen = part(".picker-chosen");
    this.#search.addEventListener("input", () => this.#look());
    this.#search.addEventListener("focus", () => this.#look());
    this.#search.addEventListener("click", () => this.#popup.hidden && this.#look());
    this.#search.addEventListener("keydown", (event) => this.#key(event));
    element.addEventListener("focusout", ({ relatedTarget }) => {
      if (!(relatedTarget instanceof Node && element.contains(relatedTarget))) this.close();
    });
    // The box keeps the focus: a press on the list is no leaving.
    this.#popup.addEventListener("pointerdown", (event) => event.preventDefault());
    this.#list.addEventListener("click", ({ target }) => {
      const option = target instanceof Element ? target.closest("[data-id]") : null;
      if (option) this.#take(Number(option.getAttribute("data-id")));
    });
    this.#chosen.addEventListener("click", ({ target }) => {
      const button = target instanceof Element ? target.closest("[data-remove]") : null;
      if (!button) return;
      on.onRemove(Number(button.getAttribute("data-remove")));
      this.#search.focus();
    });
  }

  focus() {
    this.#search.focus();
  }

  close() {
    this.#popup.hidden = true;
    this.#search.setAttribute("aria-expanded", "false");
    this.#search.removeAttribute("aria-activedescendant");
  }

  /** Vehicles came or went. */
  refresh() {
    if (!this.#popup.hidden) this.#look();
  }

  /** @param {Chosen[]} chosen */
  show(chosen) {
    this.#ids = new Set(chosen.map(({ id }) => id));
    this.#search.placeholder = chosen.length ? t("Add another") : t("Which vehicle?");
    this.#chosen.replaceChildren(...chosen.map((one) => chip(one)));
    this.#chosen.hidden = chosen.length === 0;
  }

  #look() {
    this.#names.refresh(this.#store);
    const words = plain(this.#search.value).split(/\s+/).filter(Boolean);
    const all = this.#names.order.filter(
      (slot) => this.#names.matches(slot, words) && !this.#ids.has(this.#store.vehicle(slot)?.id ?? 0),
    );
    const full = this.#ids.size >= MOST_VEHICLES;
    this.#found = full ? [] : all.slice(0, SHOWN);
    this.#at = this.#found.length && words.length ? 0 : -1;
    this.#list.replaceChildren(...this.#found.map((slot) => this.#option(slot)));
    this.#popup.hidden = false;
    this.#search.setAttribute("aria-expanded", "true");
    this.#note.textContent = this.#said(all.length, full);
    this.#mark();
  }

  /** @param {number} found @param {boolean} full */
  #said(found, full) {
    if (full) return n("{n} vehicle at a time", "{n} vehicles at a time", MOST_VEHICLES);
    if (!this.#store.complete) return t("Loading the vehicles …");
    if (!found) return t("No vehicle matches.");
    return found > SHOWN ? n("and {n} more: type to find", "and {n} more: type to find", found - SHOWN) : "";
  }

  /** @param {number} slot */
  #option(slot) {
    const { id, name, plate, driver, fleet } = /** @type {import("./store.js").Vehicle} */ (
      this.#store.vehicle(slot)
    );
    const option = document.createElement("li");
    option.id = `picker-${id}`;
    option.setAttribute("role", "option");
    option.dataset["id"] = String(id);
    const strong = document.createElement("strong");
    strong.textContent = name;
    const about = document.createElement("span");
    about.textContent = [plate, driver, fleetName(fleet)].filter(Boolean).join(" · ");
    option.append(strong, about);
    return option;
  }

  #mark() {
    for (const [index, option] of [...this.#list.children].entries())
      option.setAttribute("aria-selected", String(index === this.#at));
    const active = this.#list.children[this.#at];
    this.#search.setAttribute("aria-activedescendant", active?.id ?? "");
    active?.scrollIntoView({ block: "nearest" });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) {
      if (this.#popup.hidden) this.#look();
      const { length } = this.#found;
      if (length) this.#at = (this.#at + by + (this.#at < 0 && by < 0 ? 1 : 0) + length) % length;
      this.#mark();
    } else if (event.key === "Enter" && !event.isComposing) {
      const slot = this.#found[this.#at];
      if (slot !== undefined) this.#take(this.#store.vehicle(slot)?.id ?? 0);
    } else if (event.key === "Escape" && !this.#popup.hidden) this.close();
    else if (event.key === "Backspace" && !this.#search.value && this.#ids.size)
      this.#on.onRemove(/** @type {number} */ ([...this.#ids].at(-1)));
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {number} id */
  #take(id) {
    this.#search.value = "";
    this.close();
    this.#on.onAdd(id);
  }
}

/** @param {string} slug */
const fleetName = (slug) =>
  (page["fleets"] ?? []).find((/** @type {any} */ fleet) => fleet.slug === slug)?.name ?? "";

/** @param {Chosen} chosen */
function chip({ id, name, colour }) {
  const item = document.createElement("li");
  const dot = document.createElement("span");
  dot.className = "dot";
  dot.style.background = colour;
  const word = document.createElement("span");
  word.textContent = name;
  const button = document.createElement("button");
  button.type = "button";
  button.dataset["remove"] = String(id);
  button.textContent = "×";
  button.setAttribute("aria-label", t("Take {name} away", { name }));
  item.append(dot, word, button);
  return item;
}
