// @ts-check
// The chips over the list: counts that filter.

import { count } from "./format.js";

/** @typedef {import("./filter.js").Filter} Filter */
/** @typedef {import("./arrange.js").Arranged} Arranged */

const SELDOM = new Set(["never", "alarm"]); // shown when there are any

/** Write counts and what is pressed. @param {Filter} filter @param {Arranged} arranged */
export function showChips(filter, { counts, fleets }) {
  for (const chip of chips("[data-chip]")) {
    const name = chip.dataset["chip"] ?? "";
    const on = name === "all" ? filter.states.size === 0 : filter.states.has(/** @type {any} */ (name));
    show(chip, on, counts[name] ?? 0);
    chip.hidden = SELDOM.has(name) && !counts[name] && !on;
  }
  for (const chip of chips("[data-fleet]")) {
    const slug = chip.dataset["fleet"] ?? "";
    show(chip, filter.fleets.has(slug), fleets[slug] ?? 0);
  }
}

/** @param {string} selector @returns {Iterable<HTMLElement>} */
const chips = (selector) => document.querySelectorAll(selector);

/** @param {HTMLElement} chip @param {boolean} on @param {number} number */
function show(chip, on, number) {
  if (chip.getAttribute("aria-pressed") !== String(on)) chip.setAttribute("aria-pressed", String(on));
  const shown = chip.querySelector("b");
  const text = count(number);
  if (shown && shown.textContent !== text) shown.textContent = text;
}

/** What a click on a chip does to the filter. @param {Element} target @param {Filter} filter @returns {boolean} whether it was one */
export function press(target, filter) {
  const chip = /** @type {HTMLElement | null} */ (target.closest("[data-chip], [data-fleet]"));
  if (!chip) return false;
  const { chip: state, fleet } = chip.dataset;
  if (state === "all") filter.states.clear();
  else if (state) toggle(filter.states, /** @type {any} */ (state));
  else if (fleet) toggle(filter.fleets, fleet);
  return true;
}

/** @template T @param {Set<T>} set @param {T} value */
function toggle(set, value) {
  if (!set.delete(value)) set.add(value);
}
