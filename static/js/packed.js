// @ts-check
// Large JSON is read by a worker, into arrays of numbers: positions of the socket, tracks to play.

import { isLarge } from "./packing.js";

/** @type {Worker | undefined} */
let worker;
/** @type {((answer: any) => void)[]} those who wait, in the order in which they asked */
const waiting = [];

/** @param {any} data text, or a frame that the worker has read @returns {any} a frame, or the promise of one whose `items` are packed (packing.js) */
export function read(data) {
  if (typeof data !== "string") return data;
  return isLarge(data) ? asked(data) : JSON.parse(data);
}

/** A WebSocket in the worker, for fleets of which positions come by the megabyte: the page gets them packed. */
export class WorkerSocket {
  /** @type {(() => void) | null} */
  onopen = null;
  /** @type {((event: { data: any }) => void) | null} text, or a packed frame */
  onmessage = null;
  /** @type {((event: { code: number }) => void) | null} */
  onclose = null;
  #port;
  #worker;
  #failed = () => this.#closed({ code: 1006 });

  /** @param {string} url */
  constructor(url) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = ({ data: { type, ...event } }) => {
      if (type === "open") this.onopen?.();
      else if (type === "message") this.onmessage?.(/** @type {{ data: any }} */ (event));
      else this.#closed(/** @type {{ code: number }} */ (event));
    };
    this.#worker = worker ??= started();
    this.#worker.addEventListener("error", this.#failed);
    this.#worker.postMessage(url, [port2]);
  }

  /** @param {string} text */
  send(text) {
    this.#port.postMessage(text);
  }

  close() {
    this.#worker.removeEventListener("error", this.#failed);
    this.#port.postMessage(null);
    this.#port.close();
  }

  /** @param {{ code: number }} event */
  #closed(event) {
    this.close();
    this.onclose?.(event);
  }
}

/** @param {Response} response of JSON @returns {Promise<any>} its `items` or `tracks` are packed */
export async function readAnswer(response) {
  const bytes = await response.arrayBuffer();
  return asked(bytes, [bytes]);
}

/** @param {string | ArrayBuffer} data @param {Transferable[]} [transfer] */
function asked(data, transfer = []) {
  worker ??= started();
  worker.postMessage(data, transfer);
  return new Promise((resolve) => waiting.push(resolve));
}

function started() {
  const made = new Worker(import.meta.resolve("./packing.js"), { type: "module" });
  made.addEventListener("message", ({ data }) => waiting.shift()?.(data));
  // Its file could not be had, say: the next who wants one tries anew.
  made.addEventListener("error", () => {
    made.terminate();
    worker = undefined;
    waiting.length = 0;
  });
  return made;
}
