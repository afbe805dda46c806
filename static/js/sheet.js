// @ts-check
// Bottom sheets of the phone: the list and the vehicle, each with three stops. A handle is dragged,
// tapped, or moved with the arrow keys; on a wide screen there are none.

import { t } from "./i18n.js";

/** @typedef {"peek" | "half" | "full"} Stop */
/** @typedef {Record<Stop, number>} Heights in pixels */

/** @type {readonly Stop[]} */
export const STOPS = ["peek", "half", "full"];
const HALF = 0.54; // of the room above the tabs
const FLING_MS = 150; // a sheet goes on for so long as fast as it was let go
const TAP_PX = 6; // a finger that moved less than this has tapped
const PEEK_PX = 112; // until its inside is known

/**
 * How high each stop is.
 * @param {{ room: number, peek: number }} sizes pixels: from the tabs to the top; what a peek shows
 * @returns {Heights}
 */
export function heights({ room, peek }) {
  const least = Math.min(peek, room);
  return { peek: least, half: Math.max(least, Math.round(HALF * room)), full: room };
}

/** Where a sheet that is let go comes to rest. @param {number} height @param {number} speed upwards, px/ms @param {Heights} known @returns {Stop} */
export function rest(height, speed, known) {
  const goal = height + speed * FLING_MS;
  return STOPS.reduce((best, stop) =>
    Math.abs(known[stop] - goal) < Math.abs(known[best] - goal) ? stop : best,
  );
}

/** The stop above (1) or below (-1), the same at an end. @param {Stop} stop @param {number} by @returns {Stop} */
export function step(stop, by) {
  return STOPS[Math.max(0, Math.min(STOPS.length - 1, STOPS.indexOf(stop) + by))];
}

/** What a tap leads to: the next larger, from the largest back to the smallest. @param {Stop} stop @returns {Stop} */
export function tapped(stop) {
  return STOPS[(STOPS.indexOf(stop) + 1) % STOPS.length];
}

export class Sheet {
  #element;
  #inside;
  #handle;
  #phone;
  /** @type {Stop} */
  #stop;
  #first;
  #watch;
  /** @type {{ y: number, height: number, last: number, at: number, speed: number, moved: boolean } | null} */
  #drag = null;
  #dragged = false;

  /**
   * @param {HTMLElement} element the sheet; its parent is the room it has
   * @param {{ name: string, inside: string, first: Stop, phone: MediaQueryList, body?: HTMLElement }} options
   *   `name` of what it shows; `inside` selects the last thing that a peek shows; `body`: whose children change
   */
  constructor(element, { name, inside, first, phone, body = element }) {
    this.#element = element;
    this.#inside = inside;
    this.#phone = phone;
    this.#stop = this.#first = first;
    this.#handle = document.createElement("button");
    this.#handle.type = "button";
    this.#handle.className = "sheet-grip";
    this.#handle.title = name;
    this.#handle.setAttribute("aria-label", name);
    element.prepend(this.#handle);
    element.classList.add("sheet");
    this.#listen();
    phone.addEventListener("change", () => this.#place());
    this.#watch = new ResizeObserver(() => !this.#drag && this.#place());
    // What a sheet shows comes later than the sheet.
    new MutationObserver(() => this.#look()).observe(body, { childList: true });
    new MutationObserver(() => this.#opened()).observe(element, { attributeFilter: ["hidden"] });
    this.#look();
  }

  /** Follow the room, and what a peek shows. */
  #look() {
    this.#watch.disconnect();
    this.#watch.observe(/** @type {Element} */ (this.#element.parentElement));
    const last = this.#element.querySelector(this.#inside);
    if (last) this.#watch.observe(last);
    this.#place();
  }

  get stop() {
    return this.#stop;
  }

  /** @param {Stop} stop */
  to(stop) {
    this.#stop = stop;
    this.#place();
  }

  #opened() {
    if (!this.#element.hidden) this.to(this.#first);
  }

  #heights() {
    const room = this.#element.parentElement?.clientHeight ?? 0;
    const last = this.#element.querySelector(this.#inside);
    const top = this.#element.getBoundingClientRect().top;
    const shown = last?.getClientRects().length ? last.getBoundingClientRect().bottom - top + 8 : PEEK_PX;
    return heights({ room, peek: shown });
  }

  #place() {
    const { style, dataset } = this.#element;
    if (!this.#phone.matches) {
      style.removeProperty("height");
      delete dataset["stop"];
      return;
    }
    const height = `${Math.round(this.#heights()[this.#stop])}px`;
    if (style.height !== height) style.height = height;
    if (dataset["stop"] !== this.#stop) dataset["stop"] = this.#stop;
    const expanded = String(this.#stop !== "peek");
    if (this.#handle.getAttribute("aria-expanded") !== expanded)
      this.#handle.setAttribute("aria-expanded", expanded);
  }

  #listen() {
    const handle = this.#handle;
    handle.addEventListener("pointerdown", (event) => {
      handle.setPointerCapture(event.pointerId);
      this.#dragged = false;
      const height = this.#element.getBoundingClientRect().height;
      this.#drag = {
        y: event.clientY,
        height,
        last: event.clientY,
        at: event.timeStamp,
        speed: 0,
        moved: false,
      };
      this.#element.classList.add("sheet-dragged");
    });
    handle.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel"]) handle.addEventListener(end, () => this.#release());
    // A click without a drag: a tap, a key, a voice.
    handle.addEventListener("click", ({ detail }) => {
      // The click that ends a drag is none; a key's click has no detail.
      if (!(this.#dragged && detail)) this.to(tapped(this.#stop));
    });
    handle.addEventListener("keydown", (event) => {
      const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
      if (!by) return;
      event.preventDefault();
      event.stopPropagation();
      this.to(step(this.#stop, by));
    });
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const drag = this.#drag;
    if (!drag) return;
    drag.moved ||= Math.abs(event.clientY - drag.y) > TAP_PX;
    if (!drag.moved) return;
    const passed = Math.max(1, event.timeStamp - drag.at);
    drag.speed = (drag.last - event.clientY) / passed;
    drag.last = event.clientY;
    drag.at = event.timeStamp;
    const { peek, full } = this.#heights();
    const height = Math.max(Math.min(peek, 64), Math.min(full, drag.height + drag.y - event.clientY));
    this.#element.style.height = `${height}px`;
  }

  #release() {
    const drag = this.#drag;
    this.#drag = null;
    this.#element.classList.remove("sheet-dragged");
    if (!drag?.moved) return;
    this.#dragged = true;
    this.to(rest(this.#element.getBoundingClientRect().height, drag.speed, this.#heights()));
  }
}

const PHONE = globalThis.matchMedia?.("(max-width: 799px)");

/** The sheets of the live page. */
function start() {
  const [side, drawer] = ["side", "drawer"].map((id) => document.getElementById(id));
  if (!side || !drawer) return;
  const list = new Sheet(side, {
    name: t("Size of the list"),
    inside: ".chips",
    first: "peek",
    phone: PHONE,
  });
  const body = /** @type {HTMLElement} */ (document.getElementById("drawer-body"));
  new Sheet(drawer, {
    name: t("Size of the vehicle's card"),
    inside: ".vehicle-head",
    first: "half",
    phone: PHONE,
    body,
  });
  // The keyboard of a phone takes the lower half: who searches sees the list above it.
  document.getElementById("search")?.addEventListener("focus", () => list.stop !== "full" && list.to("full"));
}

if (globalThis.document) {
  start();
  // What a phone folds away has room on a wide screen.
  if (!PHONE.matches)
    for (const box of document.querySelectorAll("details[data-open-wide]")) box.setAttribute("open", "");
}
