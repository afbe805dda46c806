import assert from "node:assert/strict";
import { test } from "node:test";
import { real, shifted, shown } from "#fl/datum";

// Pairs that implementations of the formula agree on: WGS 84, GCJ-02; longitude, latitude.
const PAIRS = [
  [
    [121.5272106, 31.1774276],
    [121.531541859215, 31.17530398364597],
  ], // Shanghai
  [
    [113.912316, 22.543847],
    [113.9171764808363, 22.540796131694766],
  ], // Shenzhen
  [
    [116.377817, 39.911954],
    [116.38404722455657, 39.91334545536069],
  ], // Beijing
]; // prettier-ignore

const near = (a, b, tolerance) => a.every((value, index) => Math.abs(value - b[index]) < tolerance);

test("positions in China are shifted as its maps are", () => {
  for (const [wgs, gcj] of PAIRS) assert.ok(near(shown("gcj02", ...wgs), gcj, 1e-9), String(wgs));
});

test("and back, to a millimetre", () => {
  for (const [wgs, gcj] of PAIRS) assert.ok(near(real("gcj02", ...gcj), wgs, 1e-8), String(wgs));
});

test("outside China, and on other maps, nothing is shifted", () => {
  for (const place of [
    [11.97, 57.7],
    [-122.4, 37.8],
    [151.2, -33.9],
    [-180, 0],
  ]) {
    // prettier-ignore
    assert.equal(shifted(...place), false);
    assert.deepEqual(shown("gcj02", ...place), place);
    assert.deepEqual(real("gcj02", ...place), place);
  }
  assert.deepEqual(shown("wgs84", 116.4, 39.9), [116.4, 39.9]);
  assert.deepEqual(real("wgs84", 116.4, 39.9), [116.4, 39.9]);
});
