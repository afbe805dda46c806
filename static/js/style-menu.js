// @ts-check
// The menu of maps: a popover with radio buttons that the server wrote.

import { t } from "./i18n.js";
import { BUILT_IN, remember } from "./styles.js";

const TOAST_MS = 8000;
const MARGIN = 8;
const WIDE = 272; // of the menu

/**
 * @param {import("./styles.js").Styles} styles @param {HTMLElement} menu the popover
 */
export function bindMenu(styles, menu) {
  menu.addEventListener("beforetoggle", () => {
    showChoice(styles, menu);
    const button = document.querySelector(`[popovertarget="${menu.id}"]`)?.getBoundingClientRect();
    if (!button) return;
    const beside = button.right + MARGIN + WIDE < innerWidth && innerWidth >= WIDE * 3;
    menu.style.left = `${beside ? button.right + MARGIN : button.left}px`;
    menu.style.top = `${beside ? button.top : button.bottom + MARGIN}px`;
  });
  menu.addEventListener("change", async (event) => {
    const input = /** @type {HTMLInputElement} */ (event.target);
    if (input.name === "map-style") await styles.choose(input.value);
  });
  // Turning one on or off: the page's policy names its hosts, so the whole page is asked for again.
  menu.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    remember(form.dataset["then"] ?? BUILT_IN);
    const next = form.elements.namedItem("next");
    if (next instanceof HTMLInputElement) next.value = location.pathname + location.search;
  });
}

/** @param {import("./styles.js").Styles} styles @param {HTMLElement} menu */
export function showChoice(styles, menu) {
  for (const input of menu.querySelectorAll("input")) input.checked = input.value === styles.name;
}

/** Say on the map what happened, for everybody. @param {string} text */
export function toast(text) {
  const element = document.getElementById("map-toast");
  if (!element) return;
  element.textContent = text;
  element.dataset["shown"] = "";
  setTimeout(() => {
    if (element.textContent === text) delete element.dataset["shown"];
  }, TOAST_MS);
}

/** @param {import("./styles.js").Offer} offer */
export function sayFailed({ label }) {
  toast(t("{map} does not load. The built-in map is shown.", { map: label }));
}
