// @ts-check
// Numbers in one array instead of thousands of small ones, which would be the page's garbage. Also a worker that
// reads them from JSON, and holds the socket of a large fleet: it stands alone, for a worker knows no import map.
// packed.js starts it.

export const FIELDS = 11; // of a position: id, time, lat, lon, speed, heading, battery, alarm, ignition, accuracy, received
export const COLUMNS = /** @type {const} */ (["time", "lat", "lon", "speed", "heading"]); // of a track

const LARGE = 16_384; // characters; below, asking the worker costs more than it saves
const HEAD = 64; // where a frame says what it is
const GATHER_MS = 20; // large frames that come at once reach the page as one

/** @typedef {{ time: number[], lat: number[], lon: number[], speed: (number | null)[], heading: (number | null)[] }} Fixes in time order */
/**
 * @typedef {object} Tracks those of many vehicles, one after the other
 * @property {Float64Array} ids of vehicles @property {Int32Array} ends where the fixes of each end; the next one's begin there
 * @property {Float64Array} time milliseconds @property {Float64Array} lat @property {Float64Array} lon
 * @property {Float64Array} speed @property {Float64Array} heading
 */

/** @param {unknown} value true is 1, false 0; what is no number is NaN */
const number = (value) =>
  typeof value === "number" ? value : typeof value === "boolean" ? Number(value) : Number.NaN;

/** @param {unknown[][]} items positions of the wire @param {Float64Array} [into] FIELDS each */
export function packPositions(items, into = new Float64Array(FIELDS * items.length)) {
  for (let i = 0; i < items.length; i++)
    for (let field = 0; field < FIELDS; field++) into[FIELDS * i + field] = number(items[i][field]);
  return into;
}

/** @param {Record<string, Fixes>} tracks by vehicle @returns {Tracks} */
export function packTracks(tracks) {
  const each = Object.values(tracks);
  let sum = 0;
  const ends = Int32Array.from(each, ({ time }) => (sum += time.length));
  const column = (/** @type {typeof COLUMNS[number]} */ name) => {
    const packed = new Float64Array(sum);
    let at = 0;
    for (const fixes of each) for (const value of fixes[name]) packed[at++] = number(value);
    return packed;
  };
  const columns = Object.fromEntries(COLUMNS.map((name) => [name, column(name)]));
  return /** @type {Tracks} */ ({ ids: Float64Array.from(Object.keys(tracks), Number), ends, ...columns });
}

/** @param {string} text JSON of a positions frame, or of tracks to play */
function packed(text) {
  const { items, tracks, ...rest } = JSON.parse(text);
  return items ? { ...rest, items: packPositions(items) } : { ...rest, tracks: packTracks(tracks) };
}

/** Whether it is a frame that a worker should read. @param {string} text */
export const isLarge = (text) => text.length >= LARGE && text.slice(0, HEAD).includes('"type":"positions"');

/** Frames of positions as one: its number acknowledges them all. @param {any[]} frames packed, in order */
export function together(frames) {
  const items = new Float64Array(frames.reduce((sum, frame) => sum + frame.items.length, 0));
  let at = 0;
  for (const frame of frames) {
    items.set(frame.items, at);
    at += frame.items.length;
  }
  return { ...frames.at(-1), items };
}

/**
 * A socket whose other end is a page's `WorkerSocket`: large frames of positions go there packed, all else as it came.
 * @param {WebSocket} socket @param {MessagePort} port
 */
export function pass(socket, port) {
  /** @type {any[]} */
  const gathered = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let due;
  const flush = () => {
    clearTimeout(due);
    due = undefined;
    if (!gathered.length) return;
    const data = together(gathered.splice(0));
    port.postMessage({ type: "message", data }, [data.items.buffer]);
  };
  socket.onopen = () => port.postMessage({ type: "open" });
  socket.onmessage = ({ data }) => {
    if (isLarge(data)) {
      gathered.push(packed(data));
      due ??= setTimeout(flush, GATHER_MS);
    } else {
      flush();
      port.postMessage({ type: "message", data });
    }
  };
  socket.onclose = ({ code }) => {
    flush();
    port.postMessage({ type: "close", code });
  };
  port.onmessage = ({ data }) => (data === null ? socket.close() : socket.send(data));
}

if ("WorkerGlobalScope" in globalThis)
  addEventListener("message", ({ data, ports: [port] }) => {
    if (port) return pass(new WebSocket(data), port);
    const answer = packed(typeof data === "string" ? data : new TextDecoder().decode(data));
    const arrays = answer.items ? [answer.items] : Object.values(answer.tracks);
    postMessage(answer, { transfer: arrays.map(({ buffer }) => buffer) });
  });
