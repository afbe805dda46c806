// @ts-check
// A button that must be held: nobody sends an SOS with an elbow.

export const HOLD_MS = 1500;

/**
 * @param {HTMLButtonElement} button
 * @param {() => void} onHeld
 * @param {() => void} onPressed with a keyboard or by assistive technology: there is nothing to hold
 */
export function hold(button, onHeld, onPressed) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const release = () => {
    clearTimeout(timer);
    button.removeAttribute("data-held");
  };
  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    button.setAttribute("data-held", "");
    timer = setTimeout(() => {
      release();
      navigator.vibrate?.(300);
      onHeld();
    }, HOLD_MS);
  });
  for (const type of ["pointerup", "pointerleave", "pointercancel"]) button.addEventListener(type, release);
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  button.addEventListener("click", (event) => event.detail === 0 && onPressed());
}
