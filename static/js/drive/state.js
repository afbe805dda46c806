// @ts-check
// What this phone knows of itself, and what it keeps. One of each, for the modules that make up the page.

import { Database } from "./database.js";
import { Inbox } from "./inbox.js";
import { Outbox } from "./outbox.js";
import { INTERVAL_S } from "./sharing.js";
import { Speedometer } from "./speed.js";

/** @typedef {import("./outbox.js").Fix} Fix */

export const database = new Database();
export const outbox = new Outbox(database);
export const inbox = new Inbox(database);
export const pace = new Speedometer();

/** Kept. */
export const known = {
  token: "",
  uid: "",
  vehicle: "",
  fleet: "",
  apps: "", // where other apps are set up
  claim: "", // our secret while a code is exchanged
  offset: 0, // of the phone's clock, ms
  interval: INTERVAL_S,
  sharing: { on: false, since: 0, told: true },
  /** @type {Fix | null} the newest fix */
  last: null,
  /** @type {import("./alerts.js").Sos | null} */
  sos: null,
};

/** Not kept: true of this page, now. */
export const present = {
  /** @type {import("./screen.js").Phase} */
  phase: "none",
  /** @type {import("./sharing.js").Trouble | null} */
  trouble: null,
};

/** ms, by the server's clock as far as that is known */
export const now = () => Date.now() + known.offset;
export const save = () => database.set("known", known);

export async function load() {
  Object.assign(known, await database.get("known"));
  await outbox.open();
  await inbox.open();
}

let line = Promise.resolve();
/** One thing after the other: what comes first is kept and answered first. @param {() => Promise<void> | void} work */
export function inOrder(work) {
  line = line.then(work).catch((error) => console.error(error));
  return line;
}

const changes = new EventTarget();
/** Something that is shown may be different now. */
export const changed = () => changes.dispatchEvent(new Event("change"));
/** @param {() => void} look */
export const onChange = (look) => changes.addEventListener("change", look);
