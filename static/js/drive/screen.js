// @ts-check
// What the driver sees. Drawn from the state of the moment; what has not changed stays the same element.

import { n, t } from "../i18n.js";
import { clock } from "./clock.js";
import { canRead, read } from "./voice.js";
import { connection, ended, heading, sos, trouble } from "./words.js";

/** @typedef {"welcome" | "refused" | "none" | "driving" | "stopped"} Phase */
/**
 * @typedef {object} View
 * @property {Phase} phase
 * @property {string} vehicle
 * @property {string} fleet
 * @property {import("./link.js").State} link
 * @property {number} code
 * @property {boolean} network
 * @property {boolean} sharing
 * @property {number} stopped ms
 * @property {number} waiting
 * @property {number} interval s
 * @property {number} since
 * @property {number} now
 * @property {import("./speed.js").Pace} pace
 * @property {import("./alerts.js").Sos | null} sos
 * @property {import("./sharing.js").Trouble | null} trouble
 * @property {import("./inbox.js").Message[]} messages open ones
 * @property {import("./inbox.js").Message[]} past
 * @property {string} apps address of the page where other apps are set up
 */

/** @param {string} id */
export const part = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {string} id @param {string} text */
function say(id, text) {
  const element = part(id);
  if (element.textContent !== text) element.textContent = text;
}

/** @param {string} id @param {boolean} shown */
function show(id, shown) {
  part(id).hidden = !shown;
}

/** @param {string} tag @param {string} className @param {string} text */
function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

export class Screen {
  #onAnswer;
  #shown = "";

  /** @param {(id: string, answer: string) => void} onAnswer empty: took note */
  constructor(onAnswer) {
    this.#onAnswer = onAnswer;
    part("message-text").addEventListener("click", () => read(part("message-text").textContent ?? ""));
    part("message-text").classList.toggle("can-read", canRead());
  }

  /** @param {View} view */
  draw(view) {
    const root = document.documentElement;
    root.dataset["phase"] = view.phase;
    root.dataset["pace"] = view.pace;
    root.dataset["link"] = view.link;
    root.dataset["waiting"] = String(view.waiting);
    root.dataset["interval"] = String(view.interval);
    if (view.vehicle) say("vehicle", [view.vehicle, view.fleet].filter(Boolean).join(" · "));
    const { good, text } = connection(view);
    say("connection", text);
    part("connection").classList.toggle("good", good);
    this.#ended(view);
    say("trouble-text", view.trouble ? trouble(view.trouble) : "");
    show("trouble", view.trouble !== null && view.phase === "driving");
    say(
      "stopped-at",
      t("You stopped sharing at {time}. Your dispatcher sees that.", { time: clock(view.stopped) }),
    );
    say("sos-state", sos(view.sos));
    root.dataset["sos"] = view.sos?.state ?? "";
    if (view.apps) part("apps").setAttribute("href", view.apps);
    show("apps", view.apps !== "");
    this.#message(view.messages);
    this.#past(view.past);
  }

  /** @param {View} view */
  #ended({ link, code, vehicle }) {
    show("ended", link === "ended");
    if (link !== "ended") return;
    const { text, action } = ended(code, vehicle);
    say("ended-text", text);
    say("ended-action", action);
  }

  /** The oldest that waits for the driver. @param {import("./inbox.js").Message[]} messages */
  #message(messages) {
    const [message, ...more] = messages;
    show("message", message !== undefined);
    say("more", more.length ? n("{n} more message", "{n} more messages", more.length) : "");
    if (!message) {
      this.#shown = "";
      return;
    }
    if (message.id === this.#shown) return;
    this.#shown = message.id;
    part("message").dataset["id"] = message.id;
    say("message-from", heading(message));
    say("message-text", message.text);
    const buttons = message.replies.map((text) => this.#button(text, message.id, text));
    part("answers").replaceChildren(...buttons, this.#button(t("Got it"), message.id, ""));
  }

  /** @param {string} text @param {string} id @param {string} answer */
  #button(text, id, answer) {
    const button = /** @type {HTMLButtonElement} */ (element("button", "answer", text));
    button.type = "button";
    if (!answer) button.classList.add("answer-noted");
    button.addEventListener("click", () => this.#onAnswer(id, answer));
    return button;
  }

  /** @param {import("./inbox.js").Message[]} past */
  #past(past) {
    const key = past.map(({ id }) => id).join();
    const list = part("past");
    if (list.dataset["key"] === key) return;
    list.dataset["key"] = key;
    const rows = [...past].reverse().map((message) => {
      const row = element("li", message.kind === "said" ? "mine" : "", "");
      row.append(
        element(
          "span",
          "past-from",
          message.kind === "said" ? t("You {time}", { time: clock(message.at) }) : heading(message),
        ),
        element("span", "past-text", message.text),
      );
      if (message.answer) row.append(element("span", "past-answer", message.answer));
      return row;
    });
    list.replaceChildren(...rows);
    show("past-part", rows.length > 0);
  }
}
