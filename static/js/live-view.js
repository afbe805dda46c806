// @ts-check
// What the live page shows: the same vehicles in list, chips and map.

import { arrange, Names, Order } from "./arrange.js";
import { showChips } from "./chips.js";
import { Choice } from "./choice.js";
import { everything } from "./filter.js";
import { page } from "./i18n.js";

const FRAME_MS = 250;
const TICK_MS = 1000; // ages grow
const MANY = 5000; // vehicles: list and map are drawn together …
const GATHER_MS = 100; // … and once for the frames that come at once

/** @param {string} id @returns {HTMLElement} */
export function element(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

export class View {
  #store;
  #now;
  #names = new Names();
  #order = new Order();
  #due = 0;
  #tick = 0;
  #drawn = 0;
  filter = everything();
  choice = new Choice();
  hovered = -1;
  trail = true;
  labels = true;
  arranged;
  /** @type {import("./map.js").FleetMap | null} */
  map = null;

  /**
   * @param {import("./store.js").Store} store @param {() => number} now server time
   * @param {{ list: import("./list.js").List, nearest: import("./nearest.js").Nearest }} parts
   */
  constructor(store, now, { list, nearest }) {
    this.#store = store;
    this.#now = now;
    this.list = list;
    this.nearest = nearest;
    this.arranged = arrange(store, this.#names, this.filter, now());
  }

  draw() {
    clearTimeout(this.#due);
    clearTimeout(this.#tick);
    this.#due = 0;
    this.#drawn = performance.now();
    this.#tick = setTimeout(() => this.draw(), TICK_MS);
    const [store, now, { point }] = [this.#store, this.#now(), this.nearest];
    this.#names.refresh(store);
    const order = this.#order.refresh(store, this.#names, this.filter.sort, now, point);
    this.arranged = arrange(store, this.#names, this.filter, now, { order, nearest: point !== null });
    this.drawMarks();
    this.nearest.show(store, this.arranged.slots, this.#order.distance);
    showChips(this.filter, this.arranged);
    element("empty").hidden = !(store.complete && store.size === 0);
    element("no-match").hidden = !(store.size > 0 && this.arranged.slots.length === 0);
    element("loading").hidden = store.complete;
  }

  /** Soon, and once for all that happens until then. */
  drawSoon() {
    this.#due ||= setTimeout(() => this.draw(), FRAME_MS);
  }

  /** Vehicles moved: the map shows it at once, what is said of them follows. */
  moved() {
    if (this.#store.size < MANY) {
      this.drawMap();
      this.drawSoon();
    } else {
      const rest = this.#drawn + FRAME_MS - performance.now();
      this.#due ||= setTimeout(() => this.draw(), Math.max(GATHER_MS, rest));
    }
  }

  /** Only what stands out is another. */
  drawMarks() {
    const marked = { ...this.#marked(), cursor: this.#store.slot(this.choice.cursor) };
    this.list.show(this.arranged, marked, this.nearest.point ? this.#order.distance : null);
    this.drawMap();
  }

  drawMap() {
    const { trail, labels } = this;
    const dimmed = page["dim_filtered"] ? this.arranged.dimmed : [];
    this.map?.show({ ...this.arranged, dimmed }, { ...this.#marked(), trail, labels }, this.#now());
  }

  #marked() {
    const { choice, hovered } = this;
    return { selected: this.#store.slot(choice.selected), chosen: new Set(this.several()), hovered };
  }

  /** Slots of several chosen vehicles. */
  several() {
    return [...this.choice.several].map((id) => this.#store.slot(id)).filter((slot) => slot >= 0);
  }
}
