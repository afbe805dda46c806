// @ts-check
// The text twin of the map: a list of which only the rows in view are in the document.

import { reveal, rows } from "./arrange.js";
import { age, distance, speed } from "./format.js";
import { t } from "./i18n.js";
import { saying } from "./silence.js";
import { STATES } from "./states.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./arrange.js").Arranged} Arranged */
/**
 * @typedef {object} Marked slots that stand out
 * @property {number} selected -1 for none
 * @property {Set<number>} chosen
 * @property {number} hovered on the map
 * @property {number} cursor where the keyboard is
 */

export const ROW = 48; // pixels; live.css knows it too

export class List {
  #scroll;
  #inner;
  #store;
  /** @type {HTMLElement[]} */
  #pool = [];
  /** @type {number[]} */
  #slots = [];
  #states = new Uint8Array();
  /** @type {Marked} */
  #marked = { selected: -1, chosen: new Set(), hovered: -1, cursor: -1 };
  /** @type {Float64Array | null} metres, when the nearest come first */
  #distance = null;
  #now;
  #where;
  // What the browser would have to lay out the page for, each time it is asked.
  #top = 0;
  #height = 0;

  /**
   * @param {HTMLElement} scroll the listbox
   * @param {Store} store
   * @param {object} parts
   * @param {() => number} parts.now
   * @param {(slot: number) => string} parts.where in words
   * @param {(slot: number, event: MouseEvent) => void} parts.onSelect
   * @param {(slot: number) => void} parts.onHover
   */
  constructor(scroll, store, { now, where, onSelect, onHover }) {
    this.#scroll = scroll;
    this.#store = store;
    this.#now = now;
    this.#where = where;
    this.#inner = document.createElement("div");
    this.#inner.className = "list-inner";
    this.#inner.setAttribute("role", "presentation");
    scroll.replaceChildren(this.#inner);
    const measure = () => {
      this.#top = scroll.scrollTop;
      this.#height = scroll.clientHeight;
    };
    const changed = () => {
      measure();
      this.render();
    };
    measure();
    scroll.addEventListener("scroll", changed, { passive: true });
    new ResizeObserver(changed).observe(scroll);
    const slotOf = (/** @type {Event} */ event) => {
      const row = event.target instanceof Element ? event.target.closest("[data-slot]") : null;
      return row instanceof HTMLElement ? Number(row.dataset["slot"]) : -1;
    };
    scroll.addEventListener("click", (event) => slotOf(event) >= 0 && onSelect(slotOf(event), event));
    scroll.addEventListener("pointerover", (event) => onHover(slotOf(event)));
    scroll.addEventListener("pointerleave", () => onHover(-1));
  }

  /** @param {Arranged} arranged @param {Marked} marked @param {Float64Array | null} [distance] */
  show({ slots, states }, marked, distance = null) {
    this.#slots = slots;
    this.#states = states;
    this.#marked = marked;
    this.#distance = distance;
    this.#scroll.classList.toggle("list-near", distance !== null);
    this.render();
  }

  /** The slot so many rows from where the keyboard is. @param {number} step */
  next(step) {
    const at = this.#slots.indexOf(this.#marked.cursor);
    const index = at < 0 ? (step > 0 ? 0 : this.#slots.length - 1) : at + step;
    return this.#slots[Math.max(0, Math.min(this.#slots.length - 1, index))] ?? -1;
  }

  /** Scroll so that a vehicle's row is in view. @param {number} slot */
  reveal(slot) {
    const index = this.#slots.indexOf(slot);
    if (index < 0) return;
    const { scrollTop: top, clientHeight: height } = this.#scroll;
    const goal = reveal({ index, top, height, row: ROW });
    if (goal !== top) this.#scroll.scrollTop = goal;
  }

  render() {
    const total = this.#slots.length;
    const { first, end } = rows({ top: this.#top, height: this.#height, row: ROW, total });
    const tall = `${total * ROW}px`;
    if (this.#inner.style.height !== tall) this.#inner.style.height = tall;
    while (this.#pool.length < end - first) this.#pool.push(this.#inner.appendChild(row()));
    while (this.#pool.length > end - first) this.#pool.pop()?.remove();
    const now = this.#now();
    // Row i has one element as long as it is in view: what is focused or hovered stays itself.
    for (let index = first; index < end; index++)
      this.#fill(this.#pool[index % this.#pool.length], index, total, now);
    const active = `row-${this.#store.vehicle(this.#marked.cursor)?.id}`;
    set(this.#scroll, "aria-activedescendant", document.getElementById(active) ? active : "");
  }

  /** @param {HTMLElement} row @param {number} index @param {number} total @param {number} now */
  #fill(row, index, total, now) {
    const store = this.#store;
    const slot = this.#slots[index];
    const vehicle = store.vehicle(slot);
    if (!vehicle) return;
    const state = STATES[this.#states[slot]];
    const { selected, chosen, hovered } = this.#marked;
    row.style.transform = `translateY(${index * ROW}px)`;
    row.dataset["slot"] = String(slot);
    set(row, "id", `row-${vehicle.id}`);
    set(row, "aria-setsize", String(total));
    set(row, "aria-posinset", String(index + 1));
    set(row, "aria-selected", String(slot === selected || chosen.has(slot)));
    set(row, "data-state", state);
    const late = store.stale(slot, now) && state !== "offline";
    row.classList.toggle("row-stale", late);
    row.classList.toggle("row-hovered", slot === hovered);
    const [icon, name, fast, about, old] = /** @type {Iterable<HTMLElement>} */ (row.children);
    set(/** @type {Element} */ (icon.firstElementChild), "href", `#icon-${state}`);
    const turn = state === "moving" && store.heading[slot] >= 0 ? store.heading[slot] : 0;
    icon.style.transform = `rotate(${Math.round(turn)}deg)`;
    say(name, vehicle.name);
    say(fast, state === "moving" || state === "alarm" ? speed(store.speed[slot]) : "");
    const who = vehicle.driver || vehicle.plate;
    const word = saying(state, vehicle.stopped, store.time[slot]);
    say(about, [word, who, this.#where(slot)].filter(Boolean).join(" · "));
    const ago = age(now - store.time[slot]);
    if (this.#distance) say(old, distance(this.#distance[slot]));
    else say(old, late ? t("silent {time}", { time: ago }) : ago);
  }
}

/** @param {Element} element @param {string} name @param {string} value */
function set(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** @param {Element} element @param {string} text */
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function row() {
  const template = /** @type {HTMLTemplateElement} */ (document.getElementById("row-template"));
  return /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
}
