// @ts-check
// Hints of the socket that make server-rendered fragments fetch themselves again.
//
// An answer that was under way when the hint came may be older than what the hint is about
// (a message is delivered before the answer to its own POST is shown): then it is given again.

/** @type {Map<string, number>} when each was last given */
const given = new Map();
/** @type {WeakMap<object, number>} when each request began, by htmx's context */
const begun = new WeakMap();

/** @param {string} event @param {any} [detail] */
export function hint(event, detail = {}) {
  given.set(event, performance.now());
  // @ts-expect-error htmx is a classic script
  window.htmx?.trigger(document.body, event, detail);
}

/** @param {Event} event */
const context = (event) => /** @type {CustomEvent} */ (event).detail.ctx;

document.addEventListener("htmx:before:request", (event) => begun.set(context(event), performance.now()));
document.addEventListener("htmx:after:swap", (event) => {
  const began = begun.get(context(event)) ?? Number.POSITIVE_INFINITY;
  for (const [name, at] of given) if (at > began) hint(name);
});
