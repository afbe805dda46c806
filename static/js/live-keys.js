// @ts-check
// The keys of the live page, and what each is for.

import { t } from "./i18n.js";

const CHIPS = /** @type {const} */ (["all", "alarm", "moving", "idle", "stopped", "offline"]);

/** @param {string} name */
const chip = (name) => /** @type {HTMLElement | null} */ (document.querySelector(`[data-chip=${name}]`));

/**
 * @param {Record<string, () => void>} actions @param {(rows: number, extend?: boolean) => void} step
 * @returns {import("./keys.js").Binding[]}
 */
export const bindings = (actions, step) => [
  { keys: ["/"], words: t("search"), run: actions["search"] },
  { keys: ["j", "ArrowDown"], words: t("next vehicle"), run: () => step(1) },
  { keys: ["k", "ArrowUp"], words: t("vehicle before"), run: () => step(-1) },
  { keys: ["Shift+ArrowDown"], words: t("the next one too"), run: () => step(1, true) },
  { keys: ["Shift+ArrowUp"], words: t("the one before too"), run: () => step(-1, true) },
  { keys: ["m", "Enter"], words: t("write to its driver"), run: actions["message"] },
  { keys: ["f"], words: t("follow it on the map"), run: actions["follow"] },
  { keys: ["t"], words: t("its trail"), run: actions["trail"] },
  { keys: ["r"], words: t("its track and replay"), run: actions["replay"] },
  { keys: ["l"], words: t("names on the map; back to live from the past"), run: actions["labels"] },
  { keys: ["h"], words: t("show all on the map"), run: actions["fit"] },
  ...CHIPS.map((name, index) => ({
    keys: [String(index + 1)],
    caps: index ? undefined : "1 – 6",
    words: index ? "" : t("show: all, alarm, moving, idle, stopped, offline"),
    run: () => chip(name)?.click(),
  })),
  { keys: ["p"], words: t("look back: all vehicles at a past time"), run: actions["past-open"] },
  { keys: [" "], caps: t("space"), words: t("play the past, pause"), run: actions["past-play"] },
  { keys: [",", "."], words: t("a minute back, on"), run: actions["past-minute-back"] },
  { keys: ["."], words: "", run: actions["past-minute-on"] },
  { keys: ["-"], words: "", run: actions["past-slower"] },
  { keys: ["+"], words: "", run: actions["past-faster"] },
  { keys: ["L"], words: "", run: actions["past-live"] },
  { keys: ["Escape"], words: t("close, clear"), run: actions["escape"] },
];
