// @ts-check
// What the page says about one vehicle: server-rendered, with its live numbers kept true.

import { age, ago, compass, length, speed } from "./format.js";
import { t } from "./i18n.js";
import { saying } from "./silence.js";

/** @typedef {import("./store.js").Store} Store */

/**
 * Write the live lines of every vehicle that the document shows.
 * @param {Store} store @param {number} now @param {import("./where.js").Where} where
 * @param {number} [wall] the time where the reader is, when that is another than what is shown
 */
export function tick(store, now, where, wall = now) {
  for (const article of document.querySelectorAll("[data-vehicle]")) {
    const slot = store.slot(Number(article.getAttribute("data-vehicle")));
    if (slot < 0) continue;
    for (const element of article.querySelectorAll("[data-live]")) {
      const what = element.getAttribute("data-live") ?? "";
      if (what === "state") word(element, store, slot, now);
      else if (what === "where") say(element, place(store, slot, where, wall));
      else say(element, value(store, slot, what, now));
    }
  }
}

/** @param {Element} element @param {Store} store @param {number} slot @param {number} now */
function word(element, store, slot, now) {
  const state = store.state(slot, now);
  say(element, saying(state, store.vehicle(slot)?.stopped ?? Number.NaN, store.time[slot]));
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
      if (!(state === "moving" || state === "alarm") || !(store.speed[slot] >= 0)) return "";
      const course = store.speed[slot] >= 1.5 ? compass(store.heading[slot]) : "";
      return `${speed(store.speed[slot])} ${course}`.trim();
    }
    case "age": {
      if (!known) return t("waiting for its first position");
      const old = now - store.time[slot];
      return store.stale(slot, now) ? t("silent for {time}", { time: age(old) }) : ago(old);
    }
    case "battery":
      return store.battery[slot] >= 0 ? `${Math.round(store.battery[slot])} %` : "–";
    case "accuracy":
      return store.accuracy[slot] >= 0 ? `±${length(store.accuracy[slot])}` : "–";
    default:
      return "";
  }
}

/** Where a vehicle is, in words. @param {Store} store @param {number} slot @param {import("./where.js").Where} where @param {number} now */
export function place(store, slot, where, now) {
  const [lat, lon, speed] = [store.lat[slot], store.lon[slot], store.speed[slot]];
  return where.of(store.vehicle(slot)?.id ?? -1, { lat, lon, speed }, now);
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
  #missing = -1;
  /** The tab that was looked at last: the next vehicle opens with it. */
  tab = "";

  /** @param {HTMLElement} drawer @param {(id: number) => string} address */
  constructor(drawer, address) {
    this.#drawer = drawer;
    this.#address = address;
    drawer.addEventListener("click", ({ target }) => {
      const tab = target instanceof Element ? target.closest("[role=tab]") : null;
      if (tab) this.tab = tab.getAttribute("data-tab") ?? "";
    });
  }

  get #body() {
    return /** @type {HTMLElement} */ (this.#drawer.querySelector("#drawer-body"));
  }

  /** @param {number} id */
  async show(id) {
    if (this.#open === id) return;
    this.#begin(id);
    this.#missing = -1;
    const body = this.#body;
    const address = this.#address(id) + (this.tab ? `?tab=${this.tab}` : "");
    body.setAttribute("aria-busy", "true");
    try {
      // @ts-expect-error htmx is a classic script
      await window.htmx.ajax("GET", address, { source: body, target: "#drawer-body", swap: "innerHTML" });
    } finally {
      if (this.#open === id) body.removeAttribute("aria-busy");
      // The picture of the fleet was faster than this answer, and says it better.
      if (this.#missing === id && this.#open === id) this.missing(id);
    }
  }

  /** There is no such vehicle, or not for this person: which of them is not told. @param {number} id */
  missing(id) {
    this.#begin(id);
    this.#missing = id;
    const note = document.createElement("p");
    note.className = "drawer-note";
    note.textContent = t("There is no such vehicle in your fleets. It may have been removed.");
    this.#body.replaceChildren(note);
  }

  /** @param {number} id */
  #begin(id) {
    this.#open = id;
    this.#drawer.hidden = false;
    document.documentElement.dataset["drawer"] = "open";
  }

  hide() {
    this.#open = -1;
    this.#drawer.hidden = true;
    delete document.documentElement.dataset["drawer"];
    this.#body.replaceChildren();
  }
}
