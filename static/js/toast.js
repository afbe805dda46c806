// @ts-check
// A few words that go away by themselves, and copying, which ends with some.

import { t } from "./i18n.js";

const SHOWN_MS = 3000;
let timer = 0;

/** @param {string} text said aloud too: the box is a live region */
export function toast(text) {
  const box = document.getElementById("toast");
  if (!box) return;
  box.textContent = text;
  clearTimeout(timer);
  timer = setTimeout(() => box.replaceChildren(), SHOWN_MS);
}

/** @param {string} text @param {string} said when it is done */
export async function copy(text, said) {
  try {
    await navigator.clipboard.writeText(text);
    toast(said);
  } catch {
    toast(t("This browser does not let the page copy."));
  }
}
