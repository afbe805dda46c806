// @ts-check
// The driver page: a phone's browser as a device (docs/PROTOCOL.md). What the driver does.

import { t } from "../i18n.js";
import { raised } from "./alerts.js";
import { drive, finish, keep, link, newest, pump, sharing, tell, tick } from "./device.js";
import { hold } from "./hold.js";
import { part, Screen } from "./screen.js";
import { exchange, handOver } from "./server.js";
import { fixOf } from "./sharing.js";
import {
  database,
  inbox,
  inOrder,
  known,
  load,
  now,
  onChange,
  outbox,
  pace,
  present,
  save,
} from "./state.js";
import { trouble } from "./words.js";

const TICK_MS = 1000;
const SHOWN_PAST = 20;
const SOS_FRESH_MS = 30_000; // an SOS does not wait for a better place than one so old
const SOS_LOCATE_MS = 5000;
const SEEN_MS = 15 * 60_000; // so long the page says who saw it
const body = document.body;
const { home = "/drive/", code = "", refused = "" } = body.dataset;
const screen = new Screen(answer);
/** @type {Awaited<ReturnType<typeof exchange>> | null} what the code was exchanged for */
let granted = null;

function draw() {
  const { sos } = known;
  if (sos && (sos.state === "seen" || sos.state === "said") && now() - sos.at > SEEN_MS) known.sos = null;
  screen.draw({
    phase: present.phase,
    vehicle: known.vehicle || body.dataset["vehicle"] || "",
    fleet: known.vehicle ? known.fleet : body.dataset["fleet"] || "",
    link: link.state,
    code: link.code,
    network: navigator.onLine,
    sharing: known.sharing.on,
    stopped: known.sharing.since,
    waiting: outbox.waiting,
    interval: known.interval,
    since: outbox.since,
    now: now(),
    pace: pace.at(now()),
    sos: known.sos,
    trouble: present.trouble,
    messages: inbox.waiting,
    past: inbox.past(SHOWN_PAST),
    apps: known.apps,
  });
}

/**
 * What is to be sent is kept first: a page that dies in between shows the message once more, and what
 * is sent twice has the same id.
 * @param {string} id @param {string} answer empty: took note
 */
function answer(id, answer) {
  inOrder(async () => {
    if (inbox.get(id)?.read !== false) return;
    await outbox.say({ type: "receipt", id, status: "read" }, now());
    if (answer) await outbox.say({ type: "reply", id: `${id}-answer`, in_reply_to: id, text: answer }, now());
    await inbox.answer(id, answer);
    pump();
  });
}

/** @param {string} text */
function write(text) {
  const id = crypto.randomUUID();
  inOrder(async () => {
    await outbox.say({ type: "reply", id, in_reply_to: null, text }, now());
    await inbox.said(id, text, now());
    pump();
  });
}

/** @returns {Promise<import("./outbox.js").Fix | null>} the best place there is without waiting long */
async function here() {
  const { last } = known;
  if (last && now() - last.time < SOS_FRESH_MS) return last;
  try {
    return fixOf(await sharing.locate(SOS_LOCATE_MS), known.offset, sharing.battery);
  } catch {
    return last;
  }
}

async function sendSos() {
  known.sos = raised(now());
  draw();
  const where = await here();
  if (!where) {
    // No place at all, ever: words at least.
    await outbox.say(
      { type: "say", id: crypto.randomUUID(), text: t("SOS. The phone has no position.") },
      now(),
    );
    known.sos = { ...raised(now()), state: "said" };
    await save();
    return pump();
  }
  const { speed: _speed, heading: _heading, ...place } = where;
  const time = Math.max(now(), (newest() || 0) + 1);
  known.sos = raised(time);
  await inOrder(() => keep({ ...place, time, alarm: "sos" }));
}

async function stop() {
  sharing.stop();
  known.sharing = { on: false, since: now(), told: false };
  present.phase = "stopped";
  await save();
  draw();
  tell();
  finish();
}

async function start() {
  known.sharing = { on: true, since: now(), told: false };
  present.phase = "driving";
  present.trouble = null;
  await save();
  drive();
}

// --- the code --------------------------------------------------------------------------------------

async function begun() {
  const button = /** @type {HTMLButtonElement} */ (part("start"));
  button.disabled = true;
  say("");
  try {
    known.claim ||= crypto.randomUUID();
    await save();
    granted ??= await exchange(code, known.claim);
    if (known.uid && known.uid !== granted.uid) {
      const rest = [await database.all("fixes"), await database.all("said")];
      const left = outbox.waiting && !(await handOver(known.token, rest[0], rest[1]));
      if (left && !button.dataset["discard"]) return unsent(button);
      // Nothing of the vehicle before may be sent as this one's.
      await Promise.all([outbox.clear(), inbox.clear()]);
      Object.assign(known, { last: null, sos: null });
    }
    const { token, uid, vehicle, fleet, apps } = granted;
    Object.assign(known, { token, uid, vehicle, fleet, apps, claim: "" });
    history.replaceState(null, "", home);
    await start();
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
  } finally {
    button.disabled = false;
  }
}

/** @param {string} text */
function say(text) {
  part("start-trouble").textContent = text;
  part("start-trouble").hidden = !text;
}

/** @param {HTMLButtonElement} button */
function unsent(button) {
  button.dataset["discard"] = "yes";
  say(
    t("{n} entries of {vehicle} could not be sent. Starting now discards them.", {
      n: outbox.waiting,
      vehicle: known.vehicle,
    }),
  );
}

// --- begin ------------------------------------------------------------------------------------------

function listen() {
  part("start").addEventListener("click", begun);
  part("again").addEventListener("click", start);
  part("stop").addEventListener("click", stop);
  part("trouble-action").addEventListener("click", () => {
    present.trouble = null;
    sharing.stop();
    sharing.start();
    draw();
  });
  part("ended-action").addEventListener("click", () => link.open());
  const dialog = /** @type {HTMLDialogElement} */ (part("sos-dialog"));
  hold(/** @type {HTMLButtonElement} */ (part("sos")), sendSos, () => dialog.showModal());
  dialog.addEventListener("close", () => dialog.returnValue === "send" && sendSos());
  const form = /** @type {HTMLFormElement} */ (part("write"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const field = /** @type {HTMLTextAreaElement} */ (form.elements.namedItem("text"));
    if (field.value.trim()) write(field.value.trim());
    field.value = "";
    /** @type {HTMLDetailsElement} */ (part("write-part")).open = false;
  });
  const back = () => {
    if (document.visibilityState !== "visible") return;
    sharing.awake();
    link.wake();
    tell();
  };
  document.addEventListener("visibilitychange", back);
  addEventListener("online", back);
  // The socket would notice by its silence, half a minute later.
  addEventListener("offline", () => (link.state === "live" ? link.again() : draw()));
  addEventListener("pageshow", back);
}

function offerInstall() {
  /** @type {any} */
  let offer = null;
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    offer = event;
    part("install").hidden = false;
  });
  part("install").addEventListener("click", () => {
    offer?.prompt();
    part("install").hidden = true;
  });
}

async function begin() {
  await load();
  if (code) present.phase = "welcome";
  else if (known.token) {
    history.replaceState(null, "", home);
    present.phase = known.sharing.on ? "driving" : "stopped";
  } else present.phase = refused ? "refused" : "none";
  if (!isSecureContext) {
    say(trouble("insecure"));
    part("start").setAttribute("disabled", "");
  }
  listen();
  offerInstall();
  onChange(draw);
  setInterval(() => {
    tick();
    draw();
  }, TICK_MS);
  draw();
  if (present.phase === "driving") drive();
  else if (present.phase === "stopped" && (outbox.waiting || !known.sharing.told)) link.open();
  navigator.storage?.persist?.();
  navigator.serviceWorker
    ?.register(`${home}sw.js`, { scope: home, updateViaCache: "none" })
    .catch((error) => {
      console.info("The driver page works without its service worker:", error.message);
    });
}

begin().catch((error) => {
  // A private window, or a disk that is full: without keeping there is no promise.
  present.phase = "none";
  draw();
  part("connection").textContent = t("This browser keeps nothing: {reason}", { reason: error.message });
});
