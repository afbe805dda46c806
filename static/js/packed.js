// @ts-check
// Text of the socket → frames. A large one of positions is read by a worker, into one array of numbers.

export const FIELDS = 11; // of a position
const LARGE = 16_384; // characters; below, asking the worker costs more than it saves
const HEAD = 64; // where a frame says what it is

/** @type {Worker | undefined} */
let worker;
/** @type {((frame: any) => void)[]} those who wait, in the order in which they asked */
const waiting = [];

/** @param {string} text @returns {any} a frame, or the promise of one whose `items` are a Float64Array of FIELDS each */
export function read(text) {
  if (text.length < LARGE || !text.slice(0, HEAD).includes('"type":"positions"')) return JSON.parse(text);
  worker ??= started();
  worker.postMessage(text);
  return new Promise((resolve) => waiting.push(resolve));
}

function started() {
  const made = new Worker(import.meta.resolve("./positions-worker.js"));
  made.addEventListener("message", ({ data }) => waiting.shift()?.(data));
  return made;
}
