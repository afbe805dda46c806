// @ts-check
// Reads large frames of positions beside the page: thousands of small arrays would be its garbage.
// Stands alone, a worker knows no import map; packed.js starts it and says what it answers.

const FIELDS = 11; // of a position: id, time, lat, lon, speed, heading, battery, alarm, ignition, accuracy, received

/** @param {unknown} value true is 1, false 0; what is no number is NaN */
const number = (value) =>
  typeof value === "number" ? value : typeof value === "boolean" ? Number(value) : Number.NaN;

addEventListener("message", ({ data }) => {
  const { items, ...frame } = JSON.parse(data);
  const packed = new Float64Array(FIELDS * items.length);
  for (let i = 0; i < items.length; i++)
    for (let field = 0; field < FIELDS; field++) packed[FIELDS * i + field] = number(items[i][field]);
  postMessage({ ...frame, items: packed }, { transfer: [packed.buffer] });
});
