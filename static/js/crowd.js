// @ts-check
// The vehicles under a count on the map, as a list that mouse and keyboard reach.

import { age as words } from "./format.js";
import { n } from "./i18n.js";
import { WORDS } from "./states.js";

const MARGIN = 8;

/** @typedef {{ slot: number, name: string, state: import("./states.js").State, age: number }} Member age in ms */

export class Crowd {
  #element;
  /** @type {HTMLElement | null} */
  #back = null;

  /** @param {HTMLElement} element with the popover attribute @param {(slot: number) => void} onSelect */
  constructor(element, onSelect) {
    this.#element = element;
    element.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest("button") : null;
      if (!button) return;
      element.hidePopover();
      onSelect(Number(button.dataset["slot"]));
    });
    element.addEventListener("keydown", (event) => this.#key(event));
    element.addEventListener("toggle", (event) => {
      const closed = /** @type {any} */ (event).newState === "closed";
      if (closed && (!document.activeElement || document.activeElement === document.body))
        this.#back?.focus();
    });
  }

  get open() {
    return this.#element.matches(":popover-open");
  }

  hide() {
    if (this.open) this.#element.hidePopover();
  }

  /**
   * @param {Member[]} members @param {{ x: number, y: number }} point of the window @param {HTMLElement} back gets the focus again
   */
  show(members, point, back) {
    this.#back = back;
    const title = document.createElement("p");
    title.className = "crowd-title";
    title.id = "crowd-title";
    title.textContent = n("{n} vehicle here", "{n} vehicles here", members.length);
    const list = document.createElement("ul");
    list.append(...members.map(row));
    this.#element.replaceChildren(title, list);
    this.#element.showPopover();
    const { width, height } = this.#element.getBoundingClientRect();
    const left = Math.min(point.x + MARGIN, innerWidth - width - MARGIN);
    const top = Math.min(point.y - MARGIN, innerHeight - height - MARGIN);
    this.#element.style.left = `${Math.max(MARGIN, left)}px`;
    this.#element.style.top = `${Math.max(MARGIN, top)}px`;
    this.#element.querySelector("button")?.focus();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const buttons = [...this.#element.querySelectorAll("button")];
    const at = buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (event.key === "Escape") {
      this.#element.hidePopover();
      this.#back?.focus();
    } else if (to === undefined) return;
    else buttons[Math.max(0, Math.min(to, buttons.length - 1))]?.focus();
    event.preventDefault();
    event.stopPropagation();
  }
}

/** @param {Member} member */
function row({ slot, name, state, age }) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.dataset["slot"] = String(slot);
  button.dataset["state"] = state;
  const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  icon.setAttribute("aria-hidden", "true");
  icon.setAttribute("class", "row-icon");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#icon-${state}`);
  icon.append(use);
  const label = document.createElement("span");
  label.textContent = name;
  const about = document.createElement("span");
  about.className = "crowd-about";
  about.textContent = Number.isFinite(age) ? `${WORDS[state]} · ${words(age)}` : WORDS[state];
  button.append(icon, label, about);
  item.append(button);
  return item;
}
