// @ts-check
// The socket of every page: the store it fills, what the header says of it, and the hints that
// make server-rendered fragments fetch themselves again.

import { Clock, Delay } from "./clock.js";
import { delay, time } from "./format.js";
import { tick } from "./panel.js";
import { askSession, Socket } from "./socket.js";
import { Store } from "./store.js";

/** @typedef {import("./socket.js").Status} Status */
/** @typedef {(frame: any, slots: number[]) => void} Listener slots: those whose position changed */

export const store = new Store();
export const clock = new Clock();
const latency = new Delay();
const root = document.documentElement;
const page = document.body.dataset;
/** @type {Set<Listener>} */
const listeners = new Set();
const TALK = ["message", "reply", "say"];
const QUIET_MS = 500; // a lost connection that is back by then is not worth a banner
let wasLost = false;

/** Call for every frame, after the store has taken it. @param {Listener} listener */
export function onFrame(listener) {
  listeners.add(listener);
}

/** Tell who cannot see the screen. @param {string} words */
export function announce(words) {
  element("status").textContent = words;
}

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {string} event */
// @ts-expect-error htmx is a classic script
const hint = (event) => window.htmx?.trigger(document.body, event);

/** @param {any} frame */
function take(frame) {
  clock.heard(frame.server_time, frame.type === "snapshot" && (frame.part ?? 1) === 1);
  const slots = store.apply(frame);
  if (frame.type === "positions") for (const slot of slots) latency.add(clock.now(), store.received[slot]);
  root.dataset["vehicles"] = String(store.size);
  if (frame.type === "alert") hint("alert");
  if (TALK.includes(frame.type) && frame.vehicle) hint(`message:${frame.vehicle}`);
  for (const listener of listeners) listener(frame, slots);
}

/** @param {Status} status */
function onStatus({ state }) {
  root.dataset["socket"] = state;
  if (state === "lost") wasLost = true;
  if (state === "live" && wasLost) {
    wasLost = false;
    announce("Connected again.");
    // What was said meanwhile has passed this page by.
    hint("alert");
    for (const shown of document.querySelectorAll("[data-vehicle]"))
      hint(`message:${shown.getAttribute("data-vehicle")}`);
  }
  say();
}

const address = new URL("/ws/dashboard", location.href);
address.protocol = address.protocol.replace("http", "ws");
export const socket = new Socket(
  address.href,
  { onFrame: take, onStatus },
  { session: () => askSession(page["session"] ?? "") },
);

/** The header's words, and the banner while there is something to say. */
function say() {
  const { state, since, retryAt } = socket.status;
  const median = latency.median(clock.now());
  const words = { connecting: "connecting", lost: "connection lost", "signed-out": "signed out" };
  const live = median === null ? "live" : `live · ${delay(median)}`;
  write(element("link-words"), state === "live" ? live : words[state]);
  if (state === "signed-out") banner("signed-out", "You are signed out. The positions are as of then.");
  else if (state === "lost" && Date.now() - since > QUIET_MS) {
    const wait = Math.max(0, Math.ceil(((retryAt ?? 0) - Date.now()) / 1000));
    const next = wait > 0 ? `Retrying in ${wait} s.` : "Retrying …";
    banner("lost", `Connection lost at ${time(since)}. Positions are as of then.`, next);
  } else element("banner").replaceChildren();
}

/** @param {string} kind @param {string} words said once @param {string} [ticking] changes every second, unsaid */
function banner(kind, words, ticking = "") {
  const shown = element("banner");
  if (shown.dataset["kind"] !== kind || !shown.firstChild) {
    const template = /** @type {HTMLTemplateElement} */ (element(`banner-${kind}`));
    shown.dataset["kind"] = kind;
    shown.replaceChildren(template.content.cloneNode(true));
  }
  const [said, ticks] = shown.querySelectorAll("span");
  write(said, words);
  if (ticks) write(ticks, ticking);
}

/** @param {Element} element @param {string} text */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

element("banner").addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("[data-retry]")) socket.wake();
});
addEventListener("online", () => socket.wake());
addEventListener("focus", () => socket.wake());
document.addEventListener("visibilitychange", () => document.hidden || socket.wake());
setInterval(() => {
  say();
  tick(store, clock.now());
}, 1000);
if (page["session"]) socket.open();
