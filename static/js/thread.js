// @ts-check
// A conversation on the page: what is written is shown at once and sent until the server has it, drafts
// survive a reload, and the others of the desk see who is writing. The server draws the rest.

import { chime } from "./chime.js";
import { hint } from "./hints.js";
import { t } from "./i18n.js";
import { makeId, Outbox, storage } from "./outbox.js";
import { announce, clock, onFrame, store, tell } from "./page.js";
import { toast } from "./toast.js";

const SEND_MS = 15_000;
const WRITING_MS = 3000; // how often the others are told …
const WRITING_SHOWN_MS = 6000; // … and how long they are shown it
const GATHER_MS = 400; // fragments about everything ask again at most so often

const outbox = new Outbox(storage(), document.body.dataset["user"] ?? "");
/** @type {Set<string>} ids that are on their way just now */
const flying = new Set();
/** @type {Map<number, Promise<unknown>>} the newest that goes to each vehicle */
const lines = new Map();
/** @type {Map<number, number>} */
const told = new Map();
/** @type {Map<number, ReturnType<typeof setTimeout>>} */
const writers = new Map();
let gathering = 0;

/** @param {string} selector @returns {HTMLElement[]} */
const all = (selector) => [...document.querySelectorAll(selector)].filter((e) => e instanceof HTMLElement);
/** @param {number} vehicle */
const threadOf = (vehicle) => document.getElementById(`thread-${vehicle}`);
/** @param {Element} element */
const idOf = (element) =>
  Number(element.getAttribute("data-thread") ?? element.getAttribute("data-composer"));

// --- sending --------------------------------------------------------------------------------

document.addEventListener("submit", (event) => {
  const form = event.target instanceof HTMLFormElement ? event.target : null;
  form?.closest("details[data-menu]")?.removeAttribute("open");
  if (!form?.matches("[data-composer]") || event.defaultPrevented) return;
  event.preventDefault();
  const field = /** @type {HTMLTextAreaElement} */ (form.elements.namedItem("text"));
  const client = /** @type {HTMLInputElement} */ (form.elements.namedItem("client_id"));
  const text = field.value.trim();
  if (!text) return;
  const [replies, hours] = ["replies", "hours"].map(
    (name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name)).value,
  );
  const vehicle = idOf(form);
  outbox.add({ client_id: client.value, vehicle, text, replies, hours });
  const id = client.value;
  client.value = makeId();
  field.value = "";
  field.dispatchEvent(new Event("input", { bubbles: true }));
  form.querySelector("[role=alert]")?.remove();
  // The next message has the fleet's answers and the usual expiry again.
  for (const name of ["replies", "hours"]) usual(form.elements.namedItem(name));
  draw(vehicle);
  deliver(id);
});

/** @param {Element | RadioNodeList | null} field */
function usual(field) {
  if (field instanceof HTMLInputElement) field.value = field.defaultValue;
  if (field instanceof HTMLSelectElement)
    field.selectedIndex = [...field.options].findIndex((option) => option.defaultSelected);
}

/** Send it, after those to the same vehicle that were written before. @param {string} id of something in the outbox */
async function deliver(id) {
  const unsent = outbox.all().find(({ client_id }) => client_id === id);
  if (!unsent || flying.has(id) || unsent.state === "taken") return;
  flying.add(id);
  outbox.change(id, { state: "sending" });
  draw(unsent.vehicle);
  const sent = (lines.get(unsent.vehicle) ?? Promise.resolve()).then(() => post(unsent));
  lines.set(unsent.vehicle, sent);
  const outcome = await sent;
  flying.delete(id);
  outbox.change(id, outcome);
  if (outcome.state === "taken") hint(`message:${unsent.vehicle}`);
  else announce(`${t("not sent")}: ${outcome.why}`, "alarms");
  sweep();
  draw(unsent.vehicle);
}

/** @param {import("./outbox.js").Unsent} unsent @returns {Promise<Pick<import("./outbox.js").Unsent, "state" | "why" | "again">>} */
async function post({ vehicle, client_id, text, replies, hours }) {
  const state = /** @type {const} */ ("unsent");
  try {
    const response = await fetch(`/vehicles/${vehicle}/messages/`, {
      method: "POST",
      body: new URLSearchParams({ client_id, text, replies, hours }),
      headers: { Accept: "application/json", "HX-Request": "true", "X-CSRFToken": token() },
      signal: AbortSignal.timeout(SEND_MS),
    });
    if (response.ok) return { state: "taken" };
    if (response.status === 401) return { state, why: t("You are signed out."), again: true };
    if (response.status === 422) return { state, why: (await response.json()).error.detail, again: false };
    if (response.status === 403 || response.status === 404)
      return { state, why: t("You may no longer write to this vehicle."), again: false };
    if (response.status === 429) return { state, why: t("Too many at once."), again: true };
    return { state, why: t("The server did not take it."), again: true };
  } catch {
    return { state, why: t("No connection."), again: true };
  }
}

function token() {
  const cookie = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];
  const field = document.querySelector("input[name=csrfmiddlewaretoken]");
  return cookie ?? (field instanceof HTMLInputElement ? field.value : "");
}

/** What the thread has by now needs no place holder any more. */
function sweep() {
  for (const { client_id, vehicle, state } of outbox.all()) {
    const seen = document.querySelector(`[data-client-id="${CSS.escape(client_id)}"]`);
    if (seen || (state === "taken" && !threadOf(vehicle))) outbox.take(client_id);
  }
}

/** @param {number} vehicle */
function draw(vehicle) {
  const list = threadOf(vehicle)?.querySelector("[data-sending]");
  list?.replaceChildren(...outbox.of(vehicle).map(bubble));
}

/** @param {import("./outbox.js").Unsent} unsent */
function bubble({ client_id, text, state, why, again }) {
  const [item, said, foot, receipt] = ["li", "p", "div", "span"].map((tag) => document.createElement(tag));
  item.className = `bubble bubble-ours bubble-${state}`;
  item.dataset["status"] = state === "unsent" ? "unsent" : "sending";
  said.className = "bubble-text";
  said.textContent = text;
  foot.className = "bubble-foot";
  receipt.className = state === "unsent" ? "receipt receipt-failed" : "receipt";
  receipt.textContent = state === "unsent" ? `✕ ${t("not sent")}: ${why}` : t("sending …");
  foot.append(receipt);
  if (state === "unsent") foot.append(again ? action("retry", client_id) : action("edit", client_id));
  item.append(said, foot);
  return item;
}

/** @param {"retry" | "edit"} what @param {string} id */
function action(what, id) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "link";
  button.dataset[what === "retry" ? "unsentRetry" : "unsentEdit"] = id;
  button.textContent = what === "retry" ? t("Try again") : t("Change it");
  return button;
}

document.addEventListener("click", ({ target }) => {
  const button = target instanceof Element ? target.closest("[data-unsent-retry], [data-unsent-edit]") : null;
  if (!(button instanceof HTMLElement)) return;
  const { unsentRetry: again, unsentEdit: edit } = button.dataset;
  if (again) deliver(again);
  const unsent = edit ? outbox.take(edit) : undefined;
  if (!unsent) return;
  draw(unsent.vehicle);
  const field = threadOf(unsent.vehicle)?.querySelector(".composer textarea");
  if (!(field instanceof HTMLTextAreaElement)) return;
  field.value = unsent.text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
});

/** Whatever a loss held up goes again. */
function retry() {
  for (const { client_id, state, again } of outbox.all())
    if (state === "sending" || (state === "unsent" && again)) deliver(client_id);
}

// --- drafts, and who is writing ---------------------------------------------------------------

document.addEventListener("input", ({ target }) => {
  const form = target instanceof HTMLTextAreaElement ? target.closest("[data-composer]") : null;
  if (!form || !(target instanceof HTMLTextAreaElement)) return;
  const vehicle = idOf(form);
  outbox.keepDraft(vehicle, target.value);
  const now = performance.now();
  if (!target.value.trim() || now - (told.get(vehicle) ?? Number.NEGATIVE_INFINITY) < WRITING_MS) return;
  told.set(vehicle, now);
  tell({ type: "writing", vehicle });
});

function restoreDrafts() {
  for (const form of all("form[data-composer]")) {
    const field = form.querySelector("textarea");
    if (!field || field.value || field === document.activeElement) continue;
    const draft = outbox.draft(idOf(form));
    if (!draft) continue;
    field.value = draft;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

/** @param {{ vehicle: number, by: string }} frame */
function showWriter({ vehicle, by }) {
  const line = threadOf(vehicle)?.querySelector("[data-writing]");
  if (!line) return;
  line.textContent = t("{name} is writing …", { name: by });
  clearTimeout(writers.get(vehicle));
  writers.set(
    vehicle,
    setTimeout(() => hideWriter(vehicle), WRITING_SHOWN_MS),
  );
}

/** @param {number} vehicle */
function hideWriter(vehicle) {
  clearTimeout(writers.get(vehicle));
  threadOf(vehicle)?.querySelector("[data-writing]")?.replaceChildren();
}

// --- what the page knows better than the fragment ---------------------------------------------

function look() {
  const now = clock.now();
  for (const thread of all("[data-thread]")) {
    const slot = store.slot(idOf(thread));
    const [online, moving] = [
      slot >= 0 && store.online[slot] === 1,
      slot >= 0 && store.state(slot, now) === "moving",
    ];
    for (const word of thread.querySelectorAll("[data-when-offline]")) word.toggleAttribute("hidden", online);
    for (const word of thread.querySelectorAll("[data-when-moving]")) word.toggleAttribute("hidden", !moving);
    open(thread);
  }
  for (const word of document.querySelectorAll("[data-late-at]")) {
    if (Date.parse(word.getAttribute("data-late-at") ?? "") > now) continue;
    word.removeAttribute("data-late-at"); // once
    const thread = word.closest("[data-thread]");
    if (thread) hint(`message:${idOf(thread)}`);
    gather();
  }
}

/** A reply that somebody looks at is no longer unread. @param {HTMLElement} thread */
function open(thread) {
  if (!thread.hasAttribute("data-may-write") || thread.dataset["unread"] === "0" || !seen(thread)) return;
  if (tell({ type: "opened", vehicle: idOf(thread) })) thread.dataset["unread"] = "0";
}

/** Somebody is at the page, and sees it. @param {Element | null} thread */
const seen = (thread) =>
  thread !== null &&
  document.hasFocus() &&
  document.visibilityState === "visible" &&
  thread.checkVisibility();

/** Everything about all conversations asks again, soon and once. */
function gather() {
  if (gathering) return;
  gathering = setTimeout(() => {
    gathering = 0;
    hint("messages");
  }, GATHER_MS);
}

const SAID = new Set(["reply", "say"]);
const CHANGED = new Set(["message", "command", "opened", ...SAID]);

onFrame((frame) => {
  if (frame.type === "snapshot") {
    retry();
    gather();
  }
  if (frame.type === "writing") showWriter(frame);
  if (frame.type === "note") hint(`note:${frame.vehicle}`);
  if (frame.type === "broadcast") {
    for (const { vehicle } of frame.changes) if (threadOf(vehicle)) hint(`message:${vehicle}`);
    hint(`broadcast:${frame.id}`);
    gather();
  }
  if (!CHANGED.has(frame.type)) return;
  gather();
  if (frame.type === "message") hideWriter(frame.vehicle);
  if (SAID.has(frame.type) && !seen(threadOf(frame.vehicle))) chime();
});

function settle() {
  sweep();
  for (const thread of all("[data-thread]")) draw(idOf(thread));
  restoreDrafts();
  look();
}

for (const event of ["htmx:after:swap", "htmx:after:settle"]) document.addEventListener(event, settle);
// What an answer says besides its fragment, which may be drawn anew at once.
document.addEventListener("toast", (event) => toast(/** @type {CustomEvent} */ (event).detail.text));
for (const event of ["focus", "visibilitychange"]) addEventListener(event, look);
setInterval(look, 1000);
settle();
