// @ts-check
// Large JSON is read by a worker, into arrays of numbers: positions of the socket, tracks to play.

const LARGE = 16_384; // characters; below, asking the worker costs more than it saves
const HEAD = 64; // where a frame says what it is

/** @type {Worker | undefined} */
let worker;
/** @type {((answer: any) => void)[]} those who wait, in the order in which they asked */
const waiting = [];

/** @param {string} text @returns {any} a frame, or the promise of one whose `items` are packed (packing.js) */
export function read(text) {
  if (text.length < LARGE || !text.slice(0, HEAD).includes('"type":"positions"')) return JSON.parse(text);
  return asked(text);
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
  return made;
}
