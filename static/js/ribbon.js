// @ts-check
// A line over the replay's slider for each vehicle: where it moves, stands, is silent.

/** @typedef {import("./track.js").Track} Track */

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 1000;
const ROW = 10;

/** @param {string} className @param {number} x @param {number} width @param {number} row */
function bar(className, x, width, row) {
  const rect = document.createElementNS(SVG, "rect");
  const place = { class: className, x, y: row * ROW + 2, width: Math.max(0.6, width), height: ROW - 4 };
  for (const [key, value] of Object.entries(place)) rect.setAttribute(key, String(value));
  return rect;
}

/**
 * @param {HTMLElement} element @param {Track[]} tracks @param {number} from @param {number} to milliseconds
 * @param {(index: number) => string} colour
 */
export function drawRibbon(element, tracks, from, to, colour) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${Math.max(1, tracks.length) * ROW}`);
  svg.setAttribute("preserveAspectRatio", "none");
  const x = (/** @type {number} */ time) =>
    (Math.min(to, Math.max(from, time)) - from) * (WIDTH / Math.max(1, to - from));
  for (const [row, track] of tracks.entries()) {
    for (const [at, start] of track.starts.entries()) {
      const last = (track.starts[at + 1] ?? track.length) - 1;
      const [begin, end] = [x(track.time[start]), x(track.time[last])];
      const moved = bar("ribbon-moving", begin, end - begin, row);
      moved.setAttribute("fill", colour(row));
      svg.append(moved);
    }
    for (const { from: begin, to: end } of track.stops)
      svg.append(bar("ribbon-stop", x(begin), x(end ?? track.last) - x(begin), row));
  }
  element.replaceChildren(svg);
}
