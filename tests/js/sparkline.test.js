import assert from "node:assert/strict";
import { test } from "node:test";
import { line, samples } from "../../static/js/sparkline.js";

const NOW = 1_763_884_800_000;
const at = (minutesAgo, speed) => ({ time: NOW - minutesAgo * 60_000, speed });

test("the last hour from left to right, the highest speed on top", () => {
  const { path, most } = line([at(70, 99), at(60, 10), at(58, 20), at(0, 0)], NOW);
  assert.equal(most, 20);
  assert.equal(path, "M10.0 3.0M300.0 47.0");
});

test("a hole cuts the line, and who stands has a flat one", () => {
  const { path } = line([at(20, 1), at(18, 1), at(10, 1)], NOW);
  assert.deepEqual(path.match(/[ML]/g), ["M", "L", "M"]);
  assert.ok(path.includes(" 38.2"));
});

test("nothing is nothing", () => {
  assert.deepEqual(line([at(61, 5)], NOW), { path: "", most: 0 });
});

test("a track's points have the speeds; its line and unknown ones do not", () => {
  const feature = (type, speed) => ({
    geometry: { type },
    properties: { time: "2026-11-23T08:00:00Z", speed },
  });
  const collection = { features: [feature("Point", 3), feature("Point", null), feature("LineString")] };
  assert.deepEqual(samples(collection), [{ time: Date.parse("2026-11-23T08:00:00Z"), speed: 3 }]);
});
