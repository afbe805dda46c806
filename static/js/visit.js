// @ts-check
// The card of the first visit: things to try, until somebody closes it.

const KEY = "fleetline-first-run";

/** @param {HTMLElement} card @param {Record<string, () => void>} actions by data-try */
export function welcome(card, actions) {
  try {
    card.hidden = localStorage.getItem(KEY) !== null;
  } catch {
    return; // Without storage it would come back for ever.
  }
  card.addEventListener("click", ({ target }) => {
    const button = target instanceof Element ? target.closest("button") : null;
    if (button?.dataset["try"]) actions[button.dataset["try"]]?.();
    else if (button) {
      card.hidden = true;
      localStorage.setItem(KEY, "seen");
    }
  });
}
