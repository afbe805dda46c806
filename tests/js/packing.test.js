import assert from "node:assert/strict";
import { test } from "node:test";
import { FIELDS, packPositions, packTracks } from "../../static/js/packing.js";

const T = 1_763_884_800_000;
const items = [
  [1, T, 57.7, 11.9, 12.5, 90, 80, "sos", true, 4, T + 100],
  [7, T, 57.8, 11.8, null, null, null, null, null, null, T + 100],
  [9, T, 57.9, 11.7, 0, 0, 0, null, false, 0, T + 100],
];

test("what is no number is NaN, true is 1 and false 0", () => {
  const packed = packPositions(items);
  assert.equal(packed.length, 3 * FIELDS);
  assert.deepEqual([...packed.slice(0, FIELDS)], [1, T, 57.7, 11.9, 12.5, 90, 80, Number.NaN, 1, 4, T + 100]);
  assert.ok(Number.isNaN(packed[FIELDS + 4]) && Number.isNaN(packed[FIELDS + 8]));
  assert.equal(packed[2 * FIELDS + 8], 0);
});

test("tracks lie one after the other", () => {
  const fixes = (time) => ({
    time,
    lat: time.map(() => 57),
    lon: time.map(() => 12),
    speed: time.map(() => null),
    heading: time.map(() => 90),
  });
  const { ids, ends, time, speed } = packTracks({ 12: fixes([T, T + 5]), 3: fixes([]), 40: fixes([T + 7]) });
  const each = Array.from(ids, (id, i) => [id, [...time.slice(i ? ends[i - 1] : 0, ends[i])]]);
  assert.deepEqual(Object.fromEntries(each), { 12: [T, T + 5], 3: [], 40: [T + 7] });
  assert.ok(speed.every(Number.isNaN));
});
