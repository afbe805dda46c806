// @ts-check
// Every page: the socket, what it says in the header, and the fragments that wait for it.

import { Clock, Delay } from "./clock.js";
import { delay as inSeconds, time } from "./format.js";
import { hint } from "./hints.js";
import { tick } from "./panel.js";
import { askSession, Socket } from "./socket.js";
import { Store } from "./store.js";

const root = document.documentElement;
const LOW_RATE = new Set(["message", "reply", "say", "receipt"]);

export const store = new Store();
export const clock = new Clock();
const delay = new Delay();
/** @type {((frame: any, slots: number[]) => void)[]} */
const listeners = [];

/** @param {(frame: any, slots: number[]) => void} listener the frame, and the slots that it moved */
export function onFrame(listener) {
  listeners.push(listener);
}

/** Say something to those who cannot see it. @param {string} text */
export function announce(text) {
  const region = document.getElementById("announcements");
  if (region) region.textContent = text;
}

/** @param {any} frame */
function take(frame) {
  if (frame.server_time) clock.heard(frame.server_time, frame.type === "snapshot" && (frame.part ?? 1) === 1);
  const slots = store.apply(frame);
  if (frame.type === "positions") {
    const now = clock.now();
    for (const slot of slots) delay.add(now, store.received[slot]);
  }
  if (LOW_RATE.has(frame.type)) hint(`message:${frame.vehicle}`, frame);
  if (frame.type === "alert") hint("alert", frame);
  for (const listener of listeners) listener(frame, slots);
  if (store.complete) root.dataset["vehicles"] = String(store.size);
}

let before = "connecting";

/** @param {import("./socket.js").Status} status */
function show({ state }) {
  root.dataset["socket"] = state;
  if (state === before) return;
  if (state === "lost") announce("Connection lost.");
  if (state === "live" && before !== "connecting") {
    announce("Connected again.");
    // What happened meanwhile was told to nobody: every fragment asks again.
    hint("alert", {});
    for (const thread of document.querySelectorAll("[data-vehicle]"))
      hint(`message:${thread.getAttribute("data-vehicle")}`, {});
  }
  before = state;
  refresh();
}

/** @param {string} id @param {string} text */
function say(id, text) {
  const element = document.getElementById(id);
  if (element && element.textContent !== text) element.textContent = text;
}

function refresh() {
  const { state, since, retryAt } = socket.status;
  const late = delay.median(clock.now());
  const words = {
    connecting: "connecting…",
    live: late === null ? "live" : `live · ${inSeconds(late)}`,
    lost: "connection lost",
    "signed-out": "signed out",
  };
  say("status-word", words[state]);
  const seconds = Math.max(0, Math.ceil(((retryAt ?? 0) - Date.now()) / 1000));
  say("lost-since", time(since));
  say("lost-retry", seconds > 0 ? `Retrying in ${seconds} s.` : "Retrying …");
  let open = 0;
  for (const slot of store.slots()) open += store.alerts(slot);
  say("nav-alerts", open ? String(open) : "");
  const title = document.title.replace(/^\(\d+\) /, "");
  const wanted = open ? `(${open}) ${title}` : title;
  if (document.title !== wanted) document.title = wanted;
  tick(store, clock.now());
}

const { socketPath = "/ws/dashboard", sessionPath = "/api/session" } = document.body.dataset;
const scheme = location.protocol === "https:" ? "wss:" : "ws:";
const socket = new Socket(
  `${scheme}//${location.host}${socketPath}`,
  { onFrame: take, onStatus: show },
  { session: () => askSession(sessionPath) },
);

addEventListener("online", () => socket.wake());
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && socket.wake());
addEventListener("pageshow", (event) => event.persisted && socket.wake());
document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("[data-retry]")) socket.wake();
  // A click elsewhere closes an open menu.
  for (const menu of document.querySelectorAll("details[data-menu][open]"))
    if (!(event.target instanceof Node && menu.contains(event.target))) menu.removeAttribute("open");
});
// A fragment comes with the numbers of the database: ours are newer.
document.addEventListener("htmx:after:settle", () => tick(store, clock.now()));
document.addEventListener("htmx:after:swap", () => tick(store, clock.now()));

setInterval(refresh, 1000);
socket.open();
