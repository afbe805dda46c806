// @ts-check
// What the page says about one vehicle: server-rendered, with its live numbers kept true.

import { ago, compass, speed } from "./format.js";
import { WORDS } from "./states.js";

/** @typedef {import("./store.js").Store} Store */

/** Write the live lines of every vehicle that the document shows. @param {Store} store @param {number} now */
export function tick(store, now) {
  for (const article of document.querySelectorAll("[data-vehicle]")) {
    const slot = store.slot(Number(article.getAttribute("data-vehicle")));
    if (slot < 0) continue;
    for (const element of article.querySelectorAll("[data-live]")) {
      const what = element.getAttribute("data-live") ?? "";
      if (what === "state") word(element, store.state(slot, now));
      else say(element, value(store, slot, what, now));
    }
  }
}

/** @param {Element} element @param {import("./states.js").State} state */
function word(element, state) {
  say(element, WORDS[state]);
  const name = `state state-${state}`;
  if (element.className !== name) element.className = name;
  element.closest("[data-vehicle]")?.setAttribute("data-state", state);
}

/** @param {Store} store @param {number} slot @param {string} what @param {number} now */
function value(store, slot, what, now) {
  const known = Number.isFinite(store.time[slot]);
  switch (what) {
    case "speed": {
      const state = store.state(slot, now);
      if (!known || state === "offline" || !(store.speed[slot] >= 0)) return "";
      const moving = store.speed[slot] >= 1.5;
      return [speed(store.speed[slot]), moving ? compass(store.heading[slot]) : ""].join(" ").trim();
    }
    case "age":
      return known ? ago(now - store.time[slot]) : "waiting for its first position";
    case "battery":
      return store.battery[slot] >= 0 ? `${Math.round(store.battery[slot])} %` : "–";
    case "accuracy":
      return store.accuracy[slot] >= 0 ? `±${Math.round(store.accuracy[slot])} m` : "–";
    default:
      return "";
  }
}

/** @param {Element} element @param {string} text */
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** The drawer beside the map. */
export class Drawer {
  #drawer;
  #address;
  #open = -1;

  /** @param {HTMLElement} drawer @param {(id: number) => string} address */
  constructor(drawer, address) {
    this.#drawer = drawer;
    this.#address = address;
  }

  /** @param {number} id */
  async show(id) {
    if (this.#open === id) return;
    this.#open = id;
    const body = /** @type {HTMLElement} */ (this.#drawer.querySelector("#drawer-body"));
    this.#drawer.hidden = false;
    document.documentElement.dataset["drawer"] = "open";
    body.setAttribute("aria-busy", "true");
    try {
      // @ts-expect-error htmx is a classic script
      await window.htmx.ajax("GET", this.#address(id), { target: "#drawer-body", swap: "innerHTML" });
    } finally {
      body.removeAttribute("aria-busy");
    }
  }

  hide() {
    this.#open = -1;
    this.#drawer.hidden = true;
    delete document.documentElement.dataset["drawer"];
    this.#drawer.querySelector("#drawer-body")?.replaceChildren();
  }
}
