// @ts-check
// Every vehicle the page knows, in typed arrays: 50 000 of them cost no garbage.
// Pure: frames in, numbers out. Each vehicle has a slot that it keeps for its life.

import { OpenAlerts } from "./open-alerts.js";
import { packPositions, FIELDS as SENT } from "./packing.js";
import {
  expected,
  judge,
  LEAST_INTERVAL_S,
  MOVED_M,
  MOVING_MS,
  SILENT_MOVING_MS,
  SILENT_STOPPED_MS,
  STATES,
  STILL_MS,
  stale,
} from "./states.js";

/** @typedef {import("./states.js").State} State */
/**
 * @typedef {object} Vehicle
 * @property {number} id
 * @property {string | null} uid
 * @property {string} name
 * @property {string} plate
 * @property {string} driver
 * @property {string} phone
 * @property {string[]} tags
 * @property {string} icon
 * @property {string} colour
 * @property {number} stopped when its driver stopped sharing, ms; NaN: did not
 * @property {string} fleet
 */
/** @typedef {{ slug: string, offline_moving_s?: number, offline_stopped_s?: number }} FleetSettings */
/** @typedef {(number | string | boolean | null)[]} Position [id, time, lat, lon, speed, heading, battery, alarm, ignition, accuracy, received] */

const FIELDS = /** @type {const} */ ([
  "time",
  "lat",
  "lon",
  "speed",
  "heading",
  "battery",
  "accuracy",
  "received",
  "moved",
  "anchorLat",
  "anchorLon",
  "anchorTime",
  "interval",
  "silentMoving",
  "silentStopped",
]); // prettier-ignore
const GAPS = 5;
const METRES_PER_DEGREE = 111_195;

export class Store {
  #capacity = 0;
  /** @type {number[]} */
  #free = [];
  /** @type {Map<number, number>} vehicle id → slot */
  #slots = new Map();
  /** By the last bits of an id: a slot that may be its. Asked first: of 50 000 a map's look-ups are milliseconds. */
  #guess = new Int32Array();
  /** @type {(Vehicle | undefined)[]} */
  #vehicles = [];
  /** Seconds between the last fixes: GAPS a slot, round and round. */
  #gaps = new Float64Array();
  /** How many there were. */
  #passed = new Uint32Array();
  #one = new Float64Array(SENT);
  /** @type {Map<number, OpenAlerts>} */
  #alerts = new Map();
  /** @type {Map<string, FleetSettings>} */
  #settings;
  /** @type {Set<number> | null} vehicles named by the snapshot that is coming in */
  #named = null;
  /** Called before a slot is given to another vehicle. @param {number} _slot */
  onRemove = (_slot) => {};
  /** Slots in use are below this. */
  length = 0;
  /** Whether a whole snapshot has come. */
  complete = false;
  /** Raised when a vehicle comes, goes or is described anew. */
  version = 0;
  /** Slots of which that happened, until whoever keeps an order by names has seen it. @type {Set<number>} */
  described = new Set();

  /** The vehicle's id by slot. */
  id = new Float64Array();
  // By slot; NaN is unknown. Times in milliseconds, degrees, metres/second, metres, percent, seconds.
  time = new Float64Array();
  lat = new Float64Array();
  lon = new Float64Array();
  speed = new Float64Array();
  heading = new Float64Array();
  battery = new Float64Array();
  accuracy = new Float64Array();
  received = new Float64Array();
  moved = new Float64Array();
  anchorLat = new Float64Array();
  anchorLon = new Float64Array();
  anchorTime = new Float64Array();
  interval = new Float64Array();
  /** Silence that makes a vehicle offline, milliseconds: after moving or idle, after stopped. */
  silentMoving = new Float64Array();
  silentStopped = new Float64Array();
  /** 1 on, 0 off, -1 unknown */
  ignition = new Int8Array();
  online = new Uint8Array();
  /** Which of `fleets` each vehicle is in. */
  fleet = new Uint16Array();
  /** @type {string[]} slugs of the fleets met */
  fleets = [];
  /** Open alerts. */
  opened = new Uint16Array();

  /** @param {number} [capacity] @param {FleetSettings[]} [fleets] what they say themselves about silence */
  constructor(capacity = 256, fleets = []) {
    this.#settings = new Map(fleets.map((fleet) => [fleet.slug, fleet]));
    this.#grow(capacity);
  }

  get size() {
    return this.#slots.size;
  }

  /** @param {number} id */
  slot(id) {
    const guess = this.#guess[id & (this.#guess.length - 1)];
    return this.id[guess] === id ? guess : (this.#slots.get(id) ?? -1);
  }

  /** @param {number} slot @returns {Vehicle | undefined} */
  vehicle(slot) {
    return this.#vehicles[slot];
  }

  slots() {
    return this.#slots.values();
  }

  /** @param {number} slot open alerts of the vehicle there */
  alerts(slot) {
    return this.opened[slot] ?? 0;
  }

  /** @param {number} slot @param {number} now @returns {State} */
  state(slot, now) {
    return STATES[this.#judge(slot, now)];
  }

  /** Of every vehicle, by slot: the place of its state in STATES. @param {number} now */
  states(now) {
    const states = new Uint8Array(this.length);
    for (let slot = 0; slot < states.length; slot++) states[slot] = this.#judge(slot, now);
    return states;
  }

  /** @param {number} slot @param {number} now */
  #judge(slot, now) {
    return judge(
      this.opened[slot],
      this.time[slot],
      this.speed[slot],
      this.ignition[slot],
      this.moved[slot],
      this.silentMoving[slot],
      this.silentStopped[slot],
      now,
    );
  }

  /** @param {number} slot @param {number} now */
  stale(slot, now) {
    return stale(this.time[slot], this.interval[slot], now);
  }

  /**
   * Take a frame of the socket.
   * @param {any} frame
   * @returns {number[]} slots whose position changed
   */
  apply(frame) {
    switch (frame.type) {
      case "snapshot":
        return this.#snapshot(frame);
      case "positions":
        return this.#positions(frame.items);
      case "vehicle":
        return frame.removed ? this.#remove(frame.id) : this.#describe(frame);
      case "presence":
        if (this.slot(frame.id) >= 0) this.online[this.slot(frame.id)] = frame.online ? 1 : 0;
        return [];
      case "alert":
        this.#alertsOf(frame.vehicle, (alerts) => alerts.take(frame));
        return [];
      default:
        return [];
    }
  }

  /** The same vehicles in the same slots, of which nothing else is known: for a picture of another time. */
  likeness() {
    const other = new Store(this.#capacity, [...this.#settings.values()]);
    other.#slots = new Map(this.#slots);
    other.#free = [...this.#free];
    other.#vehicles = this.#vehicles.map((vehicle) =>
      vehicle && vehicle.stopped >= 0 ? { ...vehicle, stopped: Number.NaN } : vehicle,
    );
    other.#guess.set(this.#guess);
    other.id.set(this.id);
    other.length = this.length;
    other.complete = this.complete;
    other.version = this.version;
    other.fleets = [...this.fleets];
    for (const field of /** @type {const} */ (["silentMoving", "silentStopped", "fleet"]))
      other[field].set(this[field]);
    return other;
  }

  /**
   * Forget what was, and take the picture of a time.
   * @param {{ items: Position[], intervals?: Record<string, number>, alerts?: Record<string, number>, online?: number[] }} picture
   */
  picture({ items, ...marks }) {
    for (const field of FIELDS) if (!field.startsWith("silent")) this[field].fill(Number.NaN);
    this.ignition.fill(-1);
    this.#passed.fill(0);
    this.mark(marks);
    this.#positions(items);
  }

  /** Open alerts, connections and intervals of a time. @param {{ intervals?: Record<string, number>, alerts?: Record<string, number>, online?: number[] }} marks by vehicle */
  mark({ intervals = {}, alerts = {}, online = [] }) {
    this.opened.fill(0);
    this.online.fill(0);
    for (const [id, seconds] of Object.entries(intervals))
      if (this.slot(Number(id)) >= 0)
        this.interval[this.slot(Number(id))] = Math.max(LEAST_INTERVAL_S, seconds);
    for (const [id, count] of Object.entries(alerts))
      if (this.slot(Number(id)) >= 0) this.opened[this.slot(Number(id))] = count;
    for (const id of online) if (this.slot(id) >= 0) this.online[this.slot(id)] = 1;
  }

  /** @param {any} frame */
  #snapshot(frame) {
    if ((frame.part ?? 1) === 1) this.#named = new Set();
    const changed = [];
    for (const vehicle of frame.vehicles) {
      this.#named?.add(vehicle.id);
      changed.push(...this.#describe(vehicle, Date.parse(frame.server_time)));
    }
    if (this.#named && (frame.part ?? 1) === (frame.parts ?? 1)) {
      for (const id of [...this.#slots.keys()]) if (!this.#named.has(id)) this.#remove(id);
      this.#named = null;
      this.complete = true;
    }
    return changed;
  }

  /** @param {any} said vehicle object of the wire @param {number} [asOf] */
  #describe(said, asOf = Number.POSITIVE_INFINITY) {
    const slot = this.slot(said.id) >= 0 ? this.slot(said.id) : this.#add(said.id);
    const {
      id,
      uid = null,
      name = "",
      plate = "",
      driver = "",
      phone = "",
      tags = [],
      icon = "arrow",
    } = said;
    const { colour = "", fleet = "" } = said;
    const stopped = Date.parse(said.sharing_stopped ?? "");
    this.#vehicles[slot] = { id, uid, name, plate, driver, phone, tags, icon, colour, fleet, stopped };
    if (!this.fleets.includes(fleet)) this.fleets.push(fleet);
    this.fleet[slot] = this.fleets.indexOf(fleet);
    const silence = this.#settings.get(fleet);
    this.silentMoving[slot] = 1000 * (silence?.offline_moving_s ?? SILENT_MOVING_MS / 1000);
    this.silentStopped[slot] = 1000 * (silence?.offline_stopped_s ?? SILENT_STOPPED_MS / 1000);
    this.online[slot] = said.online ? 1 : 0;
    this.described.add(slot);
    if (typeof said.interval === "number") this.interval[slot] = Math.max(LEAST_INTERVAL_S, said.interval);
    if (typeof said.alerts === "number") {
      this.#alertsOf(id, (alerts) => alerts.counted(said.alerts, asOf));
    }
    this.version++;
    return said.position && this.#position(packPositions([said.position], this.#one), 0) >= 0 ? [slot] : [];
  }

  /** @param {Position[] | Float64Array} items @returns {number[]} slots that changed */
  #positions(items) {
    const packed = items instanceof Float64Array ? items : packPositions(items);
    const changed = [];
    for (let at = 0; at < packed.length; at += SENT) {
      const slot = this.#position(packed, at);
      if (slot >= 0) changed.push(slot);
    }
    return changed;
  }

  /**
   * Newest time wins.
   * @param {Float64Array} packed @param {number} at where the position begins
   * @returns {number} the slot, or -1 when it changes nothing
   */
  #position(packed, at) {
    const slot = this.slot(packed[at]);
    const time = packed[at + 1];
    const battery = packed[at + 6];
    if (slot >= 0 && time === this.time[slot] && !Object.is(this.battery[slot], battery)) {
      this.battery[slot] = battery; // a heartbeat: the same position, another battery
      return slot;
    }
    if (slot < 0 || !(time > this.time[slot] || Number.isNaN(this.time[slot]))) return -1;
    this.#gap(slot, time);
    this.lat[slot] = packed[at + 2];
    this.lon[slot] = packed[at + 3];
    this.speed[slot] = packed[at + 4];
    this.heading[slot] = packed[at + 5];
    this.battery[slot] = battery;
    this.ignition[slot] = Number.isNaN(packed[at + 8]) ? -1 : packed[at + 8];
    this.accuracy[slot] = packed[at + 9];
    this.received[slot] = packed[at + 10];
    this.time[slot] = time;
    this.#movement(slot);
    return slot;
  }

  /** @param {number} slot @param {number} time */
  #gap(slot, time) {
    if (Number.isNaN(this.time[slot])) return;
    const passed = this.#passed[slot]++;
    this.#gaps[GAPS * slot + (passed % GAPS)] = (time - this.time[slot]) / 1000;
    const known = Math.min(GAPS, passed + 1);
    // What the server expects stands until we have seen as much ourselves.
    if (known === GAPS || Number.isNaN(this.interval[slot]))
      this.interval[slot] = expected(this.#gaps, GAPS * slot, known);
  }

  /** Note movement: by speed, else by distance from where it stood up to a minute ago. @param {number} slot */
  #movement(slot) {
    const time = this.time[slot];
    if (this.speed[slot] >= MOVING_MS) this.moved[slot] = time;
    const distance = this.#fromAnchor(slot);
    const far = distance > MOVED_M + (this.accuracy[slot] || 0);
    const late = time - this.anchorTime[slot] > STILL_MS;
    if (far && !late && Number.isNaN(this.speed[slot])) this.moved[slot] = time;
    if (far || late || Number.isNaN(distance)) {
      this.anchorLat[slot] = this.lat[slot];
      this.anchorLon[slot] = this.lon[slot];
      this.anchorTime[slot] = time;
    }
  }

  /** @param {number} slot metres; a flat Earth will do */
  #fromAnchor(slot) {
    const east = (this.lon[slot] - this.anchorLon[slot]) * Math.cos((this.lat[slot] * Math.PI) / 180);
    const north = this.lat[slot] - this.anchorLat[slot];
    return Math.sqrt(east * east + north * north) * METRES_PER_DEGREE; // hypot takes ten times as long
  }

  /** @param {number} id @param {(alerts: OpenAlerts) => void} change */
  #alertsOf(id, change) {
    const alerts = this.#alerts.get(id) ?? new OpenAlerts();
    this.#alerts.set(id, alerts);
    change(alerts);
    if (this.slot(id) >= 0) this.opened[this.slot(id)] = alerts.count;
  }

  /** @param {number} id */
  #add(id) {
    const slot = this.#free.pop() ?? this.length++;
    if (slot >= this.#capacity) this.#grow(2 * this.#capacity);
    this.#slots.set(id, slot);
    this.id[slot] = id;
    this.#guess[id & (this.#guess.length - 1)] = slot;
    this.#passed[slot] = 0;
    this.opened[slot] = this.#alerts.get(id)?.count ?? 0;
    return slot;
  }

  /** @param {number} id @returns {number[]} */
  #remove(id) {
    const slot = this.slot(id);
    if (slot < 0) return [];
    this.#slots.delete(id);
    this.id[slot] = Number.NaN;
    this.#alerts.delete(id);
    this.#vehicles[slot] = undefined;
    for (const field of FIELDS) this[field][slot] = Number.NaN;
    this.ignition[slot] = -1;
    this.online[slot] = 0;
    this.opened[slot] = 0;
    this.#free.push(slot);
    this.version++;
    this.described.add(slot);
    this.onRemove(slot);
    return [];
  }

  /** @param {number} capacity */
  #grow(capacity) {
    for (const field of FIELDS) {
      this[field] = copied(this[field], new Float64Array(capacity).fill(Number.NaN));
    }
    this.ignition = copied(this.ignition, new Int8Array(capacity).fill(-1));
    this.online = copied(this.online, new Uint8Array(capacity));
    this.opened = copied(this.opened, new Uint16Array(capacity));
    this.fleet = copied(this.fleet, new Uint16Array(capacity));
    this.id = copied(this.id, new Float64Array(capacity).fill(Number.NaN));
    this.#gaps = copied(this.#gaps, new Float64Array(GAPS * capacity));
    this.#passed = copied(this.#passed, new Uint32Array(capacity));
    this.#guess = new Int32Array(2 ** Math.ceil(Math.log2(4 * capacity))).fill(-1);
    for (const [id, slot] of this.#slots) this.#guess[id & (this.#guess.length - 1)] = slot;
    this.#capacity = capacity;
  }
}

/**
 * @template {Float64Array | Int8Array | Uint8Array | Uint16Array | Uint32Array} T
 * @param {T} values @param {T} into a larger one
 */
function copied(values, into) {
  into.set(values);
  return into;
}
