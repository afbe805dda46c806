// @ts-check
// A fragment that is swapped must not lose the place of who works with the keyboard: when what had
// the focus is gone, focus goes to what stands in its place, else to what was around it.

/** @typedef {{ id: string, tag: string, around: string[] }} Lost */

const FOCUSABLE =
  "a[href], button:not([disabled]), input:not([type=hidden]), select, textarea, summary, [tabindex]";

/**
 * The ids to try when the element is gone, best first: itself, its neighbours, and so on outwards.
 * @param {Element} element @returns {Lost}
 */
export function place(element) {
  const around = [];
  for (let at = /** @type {Element | null} */ (element); at && at !== document.body; at = at.parentElement) {
    around.push(at.id);
    for (let next = at.nextElementSibling; next; next = next.nextElementSibling) around.push(next.id);
    for (let next = at.previousElementSibling; next; next = next.previousElementSibling) around.push(next.id);
  }
  return { id: element.id, tag: element.tagName, around: around.filter(Boolean) };
}

/** @param {Element} element */
const seen = (element) => element.getClientRects().length > 0;

/** What to focus instead. @param {Lost} lost @returns {HTMLElement | null} */
export function instead({ tag, around }) {
  for (const id of around) {
    const near = document.getElementById(id);
    if (!near || !seen(near)) continue;
    const inside = [...(near.matches(FOCUSABLE) ? [near] : []), ...near.querySelectorAll(FOCUSABLE)].filter(
      seen,
    );
    const found = inside.find((element) => element.tagName === tag) ?? inside[0];
    if (found) return /** @type {HTMLElement} */ (found);
  }
  return document.querySelector("main");
}

/** @type {Lost | null} */
let lost = null;

function remember() {
  const active = document.activeElement;
  if (active && active !== document.body) lost = place(active);
}

function restore() {
  if (!lost || (document.activeElement && document.activeElement !== document.body)) return;
  const goal = instead(lost);
  lost = null;
  if (goal?.tagName === "MAIN") goal.tabIndex = -1;
  goal?.focus({ preventScroll: true });
}

if (globalThis.document) {
  document.addEventListener("htmx:before:swap", remember);
  document.addEventListener("htmx:after:swap", restore);
}
