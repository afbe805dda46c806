// @ts-check
// Where the phone is: watched while the driver shares, and a screen that stays on for it.

export const INTERVAL_S = 5; // until the server asks for another
const EARLY_MS = 500; // a fix so much before its time is on time
const LOCATE_MS = 10_000;

/** @typedef {import("./outbox.js").Fix} Fix */
/** @typedef {"denied" | "unavailable" | "insecure"} Trouble */

/** A fix of the wire: what the phone knows, and nothing it does not. @param {GeolocationPosition} position @param {number} offset of the phone's clock, ms @param {number | null} battery 0-1 @returns {Fix} */
export function fixOf({ coords, timestamp }, offset, battery) {
  const { latitude, longitude, speed, heading, altitude, accuracy } = coords;
  const known = Object.entries({ speed, heading, altitude, accuracy }).filter(([, value]) =>
    Number.isFinite(value),
  );
  return {
    time: Math.round(timestamp + offset),
    latitude,
    longitude,
    ...Object.fromEntries(known),
    ...(battery === null ? {} : { battery: Math.round(100 * battery) }),
  };
}

/** Whether a fix is kept: one an interval, none twice. @param {number} last time of the newest that was kept; NaN: none @param {number} time @param {number} interval s */
export function due(last, time, interval) {
  return Number.isNaN(last) || time - last >= 1000 * interval - EARLY_MS;
}

export class Sharing {
  #onPosition;
  #onTrouble;
  #interval;
  /** @type {number | undefined} */
  #watch;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;
  #heard = 0;
  /** @type {WakeLockSentinel | null} */
  #lock = null;
  /** 0-1 @type {number | null} */
  battery = null;

  /**
   * @param {object} options
   * @param {(position: GeolocationPosition) => void} options.onPosition
   * @param {(trouble: Trouble) => void} options.onTrouble
   * @param {() => number} options.interval s
   */
  constructor({ onPosition, onTrouble, interval }) {
    this.#onPosition = onPosition;
    this.#onTrouble = onTrouble;
    this.#interval = interval;
  }

  get on() {
    return this.#watch !== undefined;
  }

  start() {
    if (this.on) return;
    if (!isSecureContext || !navigator.geolocation) return this.#onTrouble("insecure");
    this.#watch = navigator.geolocation.watchPosition(this.#take, this.#failed, {
      enableHighAccuracy: true,
      maximumAge: 0,
    });
    this.#rhythm();
    this.awake();
    this.#power();
  }

  stop() {
    if (this.#watch !== undefined) navigator.geolocation.clearWatch(this.#watch);
    this.#watch = undefined;
    clearInterval(this.#timer);
    this.#lock?.release();
    this.#lock = null;
  }

  /** The interval changed. */
  again() {
    if (this.on) this.#rhythm();
  }

  /** One position now. @param {number} patience ms @returns {Promise<GeolocationPosition>} */
  locate(patience = LOCATE_MS) {
    return new Promise((resolve, reject) => {
      if (!navigator.geolocation) return reject(new Error("no geolocation"));
      const options = { enableHighAccuracy: true, maximumAge: 0, timeout: patience };
      return navigator.geolocation.getCurrentPosition(resolve, reject, options);
    });
  }

  /** Keep the screen on; a page that was hidden must ask anew. */
  async awake() {
    if (!this.on || document.visibilityState !== "visible" || (this.#lock && !this.#lock.released)) return;
    try {
      this.#lock = (await navigator.wakeLock?.request("screen")) ?? null;
    } catch {
      // The battery is low, or the system says no: the page says that it stops when the screen does.
    }
  }

  #take = (/** @type {GeolocationPosition} */ position) => {
    this.#heard = Date.now();
    this.#onPosition(position);
  };

  #failed = (/** @type {GeolocationPositionError} */ error) => {
    if (error.code === error.TIMEOUT) return;
    if (error.code === error.PERMISSION_DENIED) this.stop();
    this.#onTrouble(error.code === error.PERMISSION_DENIED ? "denied" : "unavailable");
  };

  /** A phone that lies still may tell nothing by itself. */
  #rhythm() {
    clearInterval(this.#timer);
    const every = 1000 * this.#interval();
    this.#timer = setInterval(() => {
      if (Date.now() - this.#heard >= every - EARLY_MS) this.locate(every).then(this.#take, () => {}); // the watch says what is wrong
    }, every);
  }

  async #power() {
    const told = await /** @type {any} */ (navigator).getBattery?.().catch(() => null);
    if (!told) return;
    const look = () => {
      this.battery = told.level;
    };
    told.onlevelchange = look;
    look();
  }
}
