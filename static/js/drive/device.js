// @ts-check
// The phone as a device: it reports, hears, obeys, and says it again until the server has it.

import { t } from "../i18n.js";
import { acked, taken } from "./alerts.js";
import { offset } from "./clock.js";
import { Link } from "./link.js";
import { carryOut, receipt } from "./orders.js";
import { part } from "./screen.js";
import { refusal, tellSharing } from "./server.js";
import { due, fixOf, Sharing } from "./sharing.js";
import { changed, inbox, inOrder, known, now, outbox, pace, present, save } from "./state.js";
import { chime } from "./voice.js";

const TELL_AGAIN_MS = 15_000;
const DOUBT_MS = 30_000;
const { socketPath = "" } = document.body.dataset;

let greeted = 0; // the connection whose hello was taken: before it nothing is sent on it
let toldAt = 0;
let doubtedAt = 0;
let telling = false;

export const link = new Link(
  new URL(socketPath, location.href).href.replace(/^http/, "ws"),
  {
    token: () => known.token,
    // What an earlier connection still said counts other frames than those of this one.
    onFrame: (frame, connection) => inOrder(() => (connection === link.connection ? take(frame) : undefined)),
    onState: changed,
  },
  { refusal: () => refusal(known.token) },
);

export const sharing = new Sharing({
  onPosition: (position) => inOrder(() => moved(position)),
  onTrouble: (what) => {
    present.trouble = what;
    changed();
  },
  interval: () => known.interval,
});

/** Send what waits, as far as there is room on the way. */
export function pump() {
  if (link.state === "live" && greeted === link.connection)
    for (const frame of outbox.next()) link.send(frame);
  changed();
}

// --- where the phone is --------------------------------------------------------------------------

/** @param {GeolocationPosition} position */
async function moved(position) {
  present.trouble = null;
  const fix = fixOf(position, known.offset, sharing.battery);
  const { latitude, longitude, speed = null, accuracy = null } = fix;
  pace.take({ time: fix.time, latitude, longitude, speed, accuracy });
  if (known.sharing.on && due(newest(), fix.time, known.interval)) await keep(fix);
  else changed();
}

/** @param {import("./outbox.js").Fix} fix */
export async function keep(fix) {
  if (!(fix.time < newest())) known.last = fix;
  await outbox.keep(fix);
  await save();
  pump();
}

/** The time of the newest fix that was kept; NaN: none. */
export const newest = () => known.last?.time ?? Number.NaN;

// --- what the server says ----------------------------------------------------------------------

/** @param {any} frame */
async function take(frame) {
  switch (frame.type) {
    case "hello":
      outbox.begin();
      greeted = link.connection;
      doubtedAt = 0;
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

// --- what the server must know --------------------------------------------------------------------

/** Share and be reachable. */
export function drive() {
  sharing.start();
  link.open();
  tell();
  changed();
}

/** Tell the server that the driver shares, or stopped: until it has answered. */
export async function tell() {
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
export function finish() {
  if (!known.sharing.on && known.sharing.told && outbox.waiting === 0 && link.state === "live") link.close();
}

/** What must not wait for ever. */
export function tick() {
  if (!known.sharing.told && Date.now() - toldAt > TELL_AGAIN_MS) tell();
  if (doubtedAt && outbox.waiting && Date.now() - doubtedAt > DOUBT_MS) link.again();
}
