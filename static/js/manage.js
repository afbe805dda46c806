// @ts-check
// Small helps on the manage pages: everything there works without them.

import { hint } from "./hints.js";
import { n } from "./i18n.js";
import { onFrame, store } from "./page.js";

document.documentElement.classList.add("scripted");

/** @param {EventTarget | null} target @param {string} selector */
const closest = (target, selector) => (target instanceof Element ? target.closest(selector) : null);

/** @param {ParentNode} root @param {string} selector */
const boxes = (root, selector) =>
  /** @type {HTMLInputElement[]} */ ([...root.querySelectorAll(`input[type=checkbox]${selector}`)]);

/** Say how many rows are chosen, and let the box in the head follow them. @param {Element} form */
function count(form) {
  const rows = boxes(form, "[name=ids]");
  const chosen = rows.filter((box) => box.checked).length;
  const words = form.querySelector("[data-chosen]");
  if (words) words.textContent = n("{n} chosen", "{n} chosen", chosen);
  for (const box of boxes(form, "[data-choose-all]")) {
    box.checked = chosen > 0 && chosen === rows.length;
    box.indeterminate = chosen > 0 && chosen < rows.length;
  }
}

document.addEventListener("change", (event) => {
  const form = closest(event.target, "form.bulk");
  if (!form || !(event.target instanceof HTMLInputElement)) return;
  if (event.target.matches("[data-choose-all]"))
    for (const box of boxes(form, "[name=ids]")) box.checked = event.target.checked;
  count(form);
});

// A button that leads to a page of its own is sent by the browser, not by htmx.
document.addEventListener(
  "click",
  (event) => {
    const button = closest(event.target, "button[data-plain]");
    if (!(button instanceof HTMLButtonElement) || !button.form) return;
    event.preventDefault();
    event.stopPropagation();
    button.form.action = button.formAction;
    button.form.submit();
  },
  true,
);

document.addEventListener("click", async (event) => {
  const button = closest(event.target, "[data-copies]");
  const value = button?.parentElement?.querySelector("[data-value]");
  if (!button || !value) return;
  try {
    await navigator.clipboard.writeText(value.textContent ?? "");
  } catch {
    // Without HTTPS there is no clipboard to write to.
    getSelection()?.selectAllChildren(value);
    document.execCommand("copy");
  }
  button.textContent = button.getAttribute("data-copies");
});

// The table says at which address it can be found again: filters, order and page survive a reload.
for (const event of ["htmx:after:swap", "htmx:after:settle"]) {
  document.addEventListener(event, () => {
    const address = document.querySelector("[data-address]")?.getAttribute("data-address");
    if (address) history.replaceState(history.state, "", address);
    for (const form of document.querySelectorAll("form.bulk")) count(form);
  });
}

// "Waiting for the first position" asks again as soon as the socket has heard of one.
onFrame((frame, slots) => {
  if (frame.type !== "positions") return;
  for (const element of document.querySelectorAll("[data-waiting]")) {
    const vehicle = Number(element.getAttribute("data-waiting"));
    if (slots.includes(store.slot(vehicle))) hint(`position:${vehicle}`);
  }
});
