// @ts-check
// Keys, on every page: a table that the help dialog shows and that keydown looks into. Pure but for the dialog.

import { page, t } from "./i18n.js";

/**
 * @typedef {object} Binding
 * @property {string[]} keys as `event.key`, or two after each other: "g l"
 * @property {string} words in the help; "" when another line says it
 * @property {string} [caps] what the help shows instead of the keys
 * @property {() => void} run
 */

const SEQUENCE_MS = 1500;
const SHOWN = {
  ArrowDown: "↓",
  ArrowUp: "↑",
  "Shift+ArrowDown": "⇧ ↓",
  "Shift+ArrowUp": "⇧ ↑",
  Escape: "Esc",
};

export class Keys {
  /** @type {Binding[]} */
  #bindings = [];
  /** @type {Map<string, () => void>} */
  #actions = new Map();
  #first = "";
  #until = 0;

  /** @param {boolean} single whether keys of one character act: a person may turn them off */
  constructor(single = page["single_keys"] !== false) {
    this.single = single;
  }

  /** @param {Binding[]} bindings */
  bind(bindings) {
    this.#bindings.push(...bindings);
    for (const { keys, run } of bindings) for (const key of keys) this.#actions.set(key, run);
  }

  get bindings() {
    return this.#bindings;
  }

  /** What a key asks for; null for nothing. @param {string} key @param {number} now ms @returns {(() => void) | null} */
  press(key, now) {
    const sequence = this.#first && now < this.#until ? `${this.#first} ${key}` : "";
    this.#first = "";
    if (key.length === 1 && !this.single) return null;
    const found = this.#actions.get(sequence) ?? this.#actions.get(key);
    if (found) return found;
    if ([...this.#actions.keys()].some((name) => name.startsWith(`${key} `))) {
      this.#first = key;
      this.#until = now + SEQUENCE_MS;
    }
    return null;
  }
}

/** Whether the key belongs to what has the focus. @param {KeyboardEvent} event */
function taken(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  const { key } = event;
  if (target.matches("input, textarea, select, [contenteditable]")) {
    if (key === "Escape") target.blur();
    // From the search box the arrows go on to the list.
    return !(target.matches("[type=search]") && ["ArrowDown", "ArrowUp"].includes(key));
  }
  // Arrows move the map when it has the focus, and go from tab to tab.
  if (key.startsWith("Arrow") && target.closest("#map, [role=tablist]")) return true;
  return key === "Enter" && Boolean(target.closest("a, button, summary"));
}

/** @param {Keys} keys */
export function listen(keys) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (document.querySelector("dialog[open]") || taken(event)) return;
    const shift = event.shiftKey && event.key.length > 1 ? "Shift+" : ""; // "?" has it already
    const run = keys.press(shift + event.key, event.timeStamp);
    if (!run) return;
    event.preventDefault();
    run();
  });
}

/** Show what the keys do. @param {HTMLDialogElement} dialog @param {Keys} keys */
export function help(dialog, keys) {
  const list = /** @type {HTMLElement} */ (dialog.querySelector("dl"));
  list.replaceChildren();
  for (const { keys: names, caps, words } of keys.bindings.filter((binding) => binding.words)) {
    const term = document.createElement("dt");
    for (const part of caps ? [caps] : names.flatMap((name) => name.split(" "))) {
      const cap = document.createElement("kbd");
      cap.textContent = SHOWN[/** @type {keyof typeof SHOWN} */ (part)] ?? part;
      term.append(cap, " ");
    }
    const said = document.createElement("dd");
    said.textContent = words;
    list.append(term, said);
  }
  const note = dialog.querySelector("[data-keys-off]");
  if (note) note.textContent = keys.single ? "" : t("Keys of one character are turned off in your settings.");
  dialog.showModal();
}
