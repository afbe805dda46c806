// @ts-check
// Every page: the socket, what it says in the header, the keys, and the fragments that wait for it.

import { Clock, Delay } from "./clock.js";
import { GRACE_MS, shown, words } from "./connection.js";
import { zone } from "./format.js";
import { hint } from "./hints.js";
import { page, t } from "./i18n.js";
import { help, Keys, listen } from "./keys.js";
import { read, WorkerSocket } from "./packed.js";
import { tick } from "./panel.js";
import { askSession, Socket } from "./socket.js";
import { Store } from "./store.js";
import "./tabs.js";
import { Where } from "./where.js";

const root = document.documentElement;
const SAMPLE = 50; // of a frame's positions: their delays are alike
const LOW_RATE = new Set(["message", "command", "reply", "say", "receipt", "opened"]);

export const store = new Store(256, page["fleets"] ?? []);
export const clock = new Clock();
export const keys = new Keys();
export const where = new Where(document.body.dataset["placesPath"] ?? "/api/places", () => refresh());
/** What the numbers of the page are of: now, unless a page shows another time. */
export const picture = { store, now: () => clock.now() };
const delay = new Delay();
/** @type {((frame: any, slots: number[]) => void)[]} */
const listeners = [];

/** @param {(frame: any, slots: number[]) => void} listener the frame, and the slots that it moved */
export function onFrame(listener) {
  listeners.push(listener);
}

/** Tell the server; whether the frame went out. @param {object} frame */
export function tell(frame) {
  return socket.send(frame);
}

/** Say something to those who cannot see it. @param {string} text @param {"announcements" | "alarms"} [region] soon, or at once */
export function announce(text, region = "announcements") {
  const element = document.getElementById(region);
  if (element) element.textContent = text;
}

/** @param {any} frame */
function take(frame) {
  if (frame.server_time) clock.heard(frame.server_time, frame.type === "snapshot" && (frame.part ?? 1) === 1);
  const slots = store.apply(frame);
  if (frame.type === "positions") {
    const now = clock.now();
    for (let i = 0; i < slots.length; i += Math.ceil(slots.length / SAMPLE))
      delay.add(now, store.received[slots[i]]);
  }
  // The page's files are older than the server: whether to reload is for the person to say.
  if (frame.version && page["version"] && frame.version !== page["version"]) root.dataset["newer"] = "";
  if (LOW_RATE.has(frame.type)) hint(`message:${frame.vehicle}`, frame);
  if (frame.type === "alert") hint("alert", frame);
  for (const listener of listeners) listener(frame, slots);
  if (store.complete) root.dataset["vehicles"] = String(store.size);
}

let before = "connecting";
/** Whether the loss lasted long enough to be told. */
let told = false;

/** @param {import("./socket.js").Status} status */
function changed({ state }) {
  refresh();
  if (state === "lost") setTimeout(refresh, GRACE_MS);
  if (state === before) return;
  if (state === "live" && before !== "connecting") {
    if (told || before !== "lost") announce(t("Connected again."));
    told = false;
    // What happened meanwhile was told to nobody: every fragment asks again.
    hint("alert", {});
    for (const thread of document.querySelectorAll("[data-vehicle]"))
      hint(`message:${thread.getAttribute("data-vehicle")}`, {});
  }
  if (state === "signed-out") announce(t("You are signed out."), "alarms");
  before = state;
}

/** @param {string} selector @param {string} text */
function say(selector, text) {
  for (const element of document.querySelectorAll(selector))
    if (element.textContent !== text) element.textContent = text;
}

function refresh() {
  const now = Date.now();
  const state = shown(socket.status, now);
  if (state === "lost" && !told) {
    told = true;
    announce(t("Connection lost."), "alarms");
  }
  if (root.dataset["socket"] !== state) root.dataset["socket"] = state;
  const late = delay.median(clock.now());
  const { word, since, retry } = words(socket.status, now, { late, ahead: clock.now() - now });
  say("#status-word", word);
  say("[data-lost-since]", since);
  say("[data-retry-in]", retry);
  let open = 0;
  for (const slot of store.slots()) open += store.alerts(slot);
  say("#nav-alerts", open ? String(open) : "");
  const title = document.title.replace(/^\(\d+\) /, "");
  const wanted = open ? `(${open}) ${title}` : title;
  if (document.title !== wanted) document.title = wanted;
  tick(picture.store, picture.now(), where, clock.now());
}

const { socketPath = "/ws/dashboard", sessionPath = "/api/session" } = document.body.dataset;
const scheme = location.protocol === "https:" ? "wss:" : "ws:";
const socket = new Socket(
  `${scheme}//${location.host}${socketPath}`,
  { onFrame: take, onStatus: changed },
  {
    session: () => askSession(sessionPath),
    read,
    WebSocket: page["many_vehicles"] ? WorkerSocket : WebSocket,
  },
);

addEventListener("online", () => socket.wake());
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && socket.wake());
addEventListener("pageshow", (event) => event.persisted && socket.wake());
document.addEventListener("click", ({ target }) => {
  const pressed = target instanceof Element ? target : null;
  if (pressed?.closest("[data-retry]")) socket.wake();
  if (pressed?.closest("[data-reload]")) location.reload();
  if (pressed?.closest("[data-help]")) showHelp();
  // A click elsewhere closes an open menu.
  for (const menu of document.querySelectorAll("details[data-menu][open]"))
    if (!(target instanceof Node && menu.contains(target))) menu.removeAttribute("open");
});
// "Today" begins at midnight on the reader's clock.
document.addEventListener("htmx:config:request", (event) => {
  /** @type {CustomEvent} */ (event).detail.ctx.request.headers["Time-Zone"] = zone;
});
// A fragment comes with the numbers of the database: ours are newer.
document.addEventListener("htmx:after:settle", () => tick(picture.store, picture.now(), where, clock.now()));
document.addEventListener("htmx:after:swap", () => tick(picture.store, picture.now(), where, clock.now()));

function showHelp() {
  help(/** @type {HTMLDialogElement} */ (document.getElementById("help")), keys);
}

const isText = (/** @type {Node} */ node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim();

/** @param {HTMLAnchorElement} link */
const go = (link) => ({
  keys: [`g ${link.dataset["go"]}`],
  words: t("go to: {page}", { page: [...link.childNodes].find(isText)?.textContent?.trim() ?? "" }),
  run: () => link.click(),
});
// After those of the page itself, whose module has run by then.
document.addEventListener("DOMContentLoaded", () =>
  keys.bind([
    ...[...document.querySelectorAll("a[data-go]")].map((link) =>
      go(/** @type {HTMLAnchorElement} */ (link)),
    ),
    {
      keys: ["d"],
      words: t("dark or light"),
      run: () => document.dispatchEvent(new CustomEvent("switch-scheme")),
    },
    { keys: ["?"], words: t("these keys"), run: showHelp },
  ]),
);
listen(keys);

setInterval(refresh, 1000);
socket.open();
