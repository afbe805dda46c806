// @ts-check
// Numbers in one array instead of thousands of small ones, which would be the page's garbage. Also a worker that
// reads them from JSON: it stands alone, for a worker knows no import map. packed.js starts it.

export const FIELDS = 11; // of a position: id, time, lat, lon, speed, heading, battery, alarm, ignition, accuracy, received
export const COLUMNS = /** @type {const} */ (["time", "lat", "lon", "speed", "heading"]); // of a track

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

if ("WorkerGlobalScope" in globalThis)
  addEventListener("message", ({ data }) => {
    const answer = packed(typeof data === "string" ? data : new TextDecoder().decode(data));
    const arrays = answer.items ? [answer.items] : Object.values(answer.tracks);
    postMessage(answer, { transfer: arrays.map(({ buffer }) => buffer) });
  });
