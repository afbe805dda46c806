// @ts-check
// The driver page: a phone's browser as a device (docs/PROTOCOL.md).

import { t } from "../i18n.js";
import { acked, raised, taken } from "./alerts.js";
import { offset } from "./clock.js";
import { Database } from "./database.js";
import { hold } from "./hold.js";
import { Inbox } from "./inbox.js";
import { Link } from "./link.js";
import { carryOut, receipt } from "./orders.js";
import { Outbox } from "./outbox.js";
import { part, Screen } from "./screen.js";
import { exchange, handOver, refusal, tellSharing } from "./server.js";
import { due, fixOf, INTERVAL_S, Sharing } from "./sharing.js";
import { Speedometer } from "./speed.js";
import { chime } from "./voice.js";

const TICK_MS = 1000;
const TELL_AGAIN_MS = 15_000;
const DOUBT_MS = 30_000;
const SHOWN_PAST = 20;
const SOS_FRESH_MS = 30_000; // an SOS does not wait for a better place than one so old
const SOS_LOCATE_MS = 5000;
const SEEN_MS = 15 * 60_000; // so long the page says who saw it
const body = document.body;
const { home = "/drive/", socketPath = "" } = body.dataset;
const { code = "", refused = "" } = body.dataset;

const database = new Database();
const outbox = new Outbox(database);
const inbox = new Inbox(database);
const pace = new Speedometer();
const screen = new Screen(answer);

/**
 * What the phone knows of itself; kept.
 * @type {{ token: string, uid: string, vehicle: string, fleet: string, apps: string, claim: string, offset: number,
 *   interval: number, sharing: { on: boolean, since: number, told: boolean }, last: any, sos: import("./alerts.js").Sos | null }}
 */
let known = {
  token: "",
  uid: "",
  vehicle: "",
  fleet: "",
  apps: "",
  claim: "",
  offset: 0,
  interval: INTERVAL_S,
  sharing: { on: false, since: 0, told: true },
  last: null,
  sos: null,
};
/** @type {import("./screen.js").Phase} */
let phase = "none";
/** @type {import("./sharing.js").Trouble | null} */
let trouble = null;
let toldAt = 0;
let doubtedAt = 0;
let telling = false;
let lastKept = Number.NaN;
/** @type {any} */
let granted = null; // what a code was exchanged for

const now = () => Date.now() + known.offset;
const save = () => database.set("known", known);

const link = new Link(
  new URL(socketPath, location.href).href.replace(/^http/, "ws"),
  {
    token: () => known.token,
    onOpen: () => {
      outbox.begin();
      doubtedAt = 0;
    },
    onFrame: (frame) => inOrder(() => take(frame)),
    onState: () => draw(),
  },
  { refusal: () => refusal(known.token) },
);

const sharing = new Sharing({
  onPosition: (position) => inOrder(() => moved(position)),
  onTrouble: (what) => {
    trouble = what;
    draw();
  },
  interval: () => known.interval,
});

/** One thing after the other: what comes first is kept and answered first. */
let line = Promise.resolve();
/** @param {() => Promise<void> | void} work */
function inOrder(work) {
  line = line.then(work).catch((error) => console.error(error));
  return line;
}

function draw() {
  if (known.sos?.state === "seen" && now() - known.sos.at > SEEN_MS) known.sos = null;
  screen.draw({
    phase,
    vehicle: known.vehicle || body.dataset["vehicle"] || "",
    fleet: known.vehicle ? known.fleet : body.dataset["fleet"] || "",
    link: link.state,
    code: link.code,
    network: navigator.onLine,
    sharing: known.sharing.on,
    stopped: known.sharing.since,
    waiting: outbox.waiting,
    since: outbox.since,
    now: now(),
    pace: pace.at(now()),
    sos: known.sos,
    trouble,
    messages: inbox.waiting,
    past: inbox.past(SHOWN_PAST),
    apps: known.apps,
  });
}

/** Send what waits, as far as there is room on the way. */
function pump() {
  if (link.state === "live") for (const frame of outbox.next()) link.send(frame);
  draw();
}

// --- what the phone knows ---------------------------------------------------------------------

/** @param {GeolocationPosition} position */
async function moved(position) {
  trouble = null;
  const fix = fixOf(position, known.offset, sharing.battery);
  const { latitude, longitude, speed = null, accuracy = null } = fix;
  pace.take({ time: fix.time, latitude, longitude, speed, accuracy });
  if (known.sharing.on && due(lastKept, fix.time, known.interval)) await keep(fix);
  else draw();
}

/** @param {import("./outbox.js").Fix} fix */
async function keep(fix) {
  lastKept = Math.max(fix.time, Number.isNaN(lastKept) ? 0 : lastKept);
  known.last = fix;
  await outbox.keep(fix);
  await save();
  pump();
}

// --- what the server says ----------------------------------------------------------------------

/** @param {any} frame */
async function take(frame) {
  switch (frame.type) {
    case "hello":
      known.offset = offset(frame.server_time, Date.now());
      known.vehicle = frame.vehicle;
      await save();
      tell();
      break;
    case "ack":
      known.sos = acked(known.sos, await outbox.acked(frame.seq), now());
      await save();
      break;
    case "receipt":
      if (frame.status === "stored") await outbox.stored(frame.id);
      break;
    case "error":
      if (frame.code === "unavailable") unavailable(frame);
      break;
    case "token":
      known.token = frame.token;
      await save();
      break;
    case "message":
      if (await inbox.take(frame, now())) arrived(frame);
      await outbox.say({ type: "receipt", id: frame.id, status: "delivered" }, now());
      break;
    case "command":
      await inbox.take(frame, now());
      await outbox.say({ type: "receipt", id: frame.id, status: "delivered" }, now());
      obey(frame); // a position may take seconds: what comes meanwhile need not wait
      break;
    case "alert":
      known.sos = taken(known.sos, frame);
      await save();
      break;
  }
  pump();
  finish();
}

/** @param {{ seq: number | null }} error */
function unavailable(error) {
  if (typeof error.seq === "number")
    link.again(); // numbers begin anew: all that is not acked comes again
  else {
    outbox.doubt();
    doubtedAt ||= Date.now();
  }
}

/** @param {{ from?: string, text?: string }} message */
function arrived({ from = "", text = "" }) {
  chime();
  part("announcement").textContent = t("Message from {name}: {text}", { name: from, text });
}

/** @param {import("./orders.js").Command} command */
async function obey(command) {
  let outcome = inbox.get(command.id)?.answer;
  if (!outcome) {
    outcome = await carryOut(command, { locate, every });
    await inbox.obeyed(command.id, outcome);
  }
  await outbox.say(receipt(command.id, outcome), now());
  pump();
}

async function locate() {
  if (!known.sharing.on) throw new Error("the driver does not share");
  await keep(fixOf(await sharing.locate(), known.offset, sharing.battery));
}

/** @param {number} seconds */
async function every(seconds) {
  known.interval = seconds;
  await save();
  sharing.again();
}

// --- what the driver does -----------------------------------------------------------------------

/** @param {string} id @param {string} answer empty: took note */
function answer(id, answer) {
  inOrder(async () => {
    if (!(await inbox.answer(id, answer))) return;
    await outbox.say({ type: "receipt", id, status: "read" }, now());
    if (answer) {
      const reply = { type: "reply", id: crypto.randomUUID(), in_reply_to: id, text: answer };
      await outbox.say(reply, now());
    }
    pump();
  });
}

/** @param {string} text */
function write(text) {
  const id = crypto.randomUUID();
  inOrder(async () => {
    await inbox.said(id, text, now());
    await outbox.say({ type: "reply", id, in_reply_to: null, text }, now());
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
    known.sos = null;
    part("sos-state").textContent = t("SOS sent as a message: the phone has no position.");
    await save();
    return pump();
  }
  const { speed: _speed, heading: _heading, ...place } = where;
  const time = Math.max(now(), (Number.isNaN(lastKept) ? 0 : lastKept) + 1);
  known.sos = raised(time);
  await inOrder(() => keep({ ...place, time, alarm: "sos" }));
}

async function stop() {
  sharing.stop();
  known.sharing = { on: false, since: now(), told: false };
  phase = "stopped";
  await save();
  draw();
  tell();
  finish();
}

async function start() {
  known.sharing = { on: true, since: now(), told: false };
  phase = "driving";
  trouble = null;
  await save();
  drive();
}

/** Share and be reachable. */
function drive() {
  sharing.start();
  link.open();
  tell();
  draw();
}

/** Tell the server that the driver shares, or stopped: until it has answered. */
async function tell() {
  if (known.sharing.told || !known.token || telling) return;
  telling = true;
  toldAt = Date.now();
  const said = known.sharing;
  if (await tellSharing(known.token, said)) {
    said.told = true;
    await save();
  }
  telling = false;
  finish();
}

/** Who stopped sharing stays connected until all is told. */
function finish() {
  if (!known.sharing.on && known.sharing.told && outbox.waiting === 0 && link.state === "live") link.close();
}

// --- the code -------------------------------------------------------------------------------------

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
      known = { ...known, last: null, sos: null };
    }
    const { token, uid, vehicle, fleet, apps } = granted;
    known = { ...known, token, uid, vehicle, fleet, apps, claim: "" };
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

function tick() {
  if (!known.sharing.told && Date.now() - toldAt > TELL_AGAIN_MS) tell();
  if (doubtedAt && outbox.waiting && Date.now() - doubtedAt > DOUBT_MS) link.again();
  if (phase === "driving" || phase === "stopped") draw();
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
  known = { ...known, ...(await database.get("known")) };
  await outbox.open();
  await inbox.open();
  lastKept = known.last?.time ?? Number.NaN;
  if (code) phase = "welcome";
  else if (known.token) {
    history.replaceState(null, "", home);
    phase = known.sharing.on ? "driving" : "stopped";
  } else phase = refused ? "refused" : "none";
  listen();
  offerInstall();
  setInterval(tick, TICK_MS);
  draw();
  if (phase === "driving") drive();
  else if (phase === "stopped" && (outbox.waiting || !known.sharing.told)) link.open();
  navigator.storage?.persist?.();
  navigator.serviceWorker
    ?.register(`${home}sw.js`, { scope: home, updateViaCache: "none" })
    .catch((error) => {
      console.info("The driver page works without its service worker:", error.message);
    });
}

begin();
