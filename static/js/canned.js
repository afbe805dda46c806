// @ts-check
// Texts at hand: a click puts one into the message field, where it can still be changed.

/** @param {string} written @param {string} text @returns {string} both, a space between them */
export const joined = (written, text) => (written.trim() ? `${written.trimEnd()} ${text}` : text);

globalThis.document?.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-canned]") : null;
  const field = button?.closest("form")?.querySelector("textarea");
  if (!button || !field) return;
  field.value = joined(field.value, button.textContent ?? "");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  button.closest("details")?.removeAttribute("open");
  field.focus();
});
