import assert from "node:assert/strict";
import { test } from "node:test";
import { Clock, Delay } from "../../static/js/clock.js";
import {
  age,
  ago,
  compass,
  coordinates,
  count,
  delay,
  distance,
  length,
  moment,
  speed,
} from "../../static/js/format.js";
import { page } from "../../static/js/i18n.js";

test("ages use the largest unit that still says something", () => {
  const cases = [
    [0, "now"],
    [999, "now"],
    [1000, "1 s"],
    [59_999, "59 s"],
    [60_000, "1 min"],
    [3_599_999, "59 min"],
    [3_600_000, "1 h"],
    [47 * 3_600_000, "47 h"],
    [48 * 3_600_000, "2 d"],
    [Number.NaN, ""],
    [-500, "now"],
  ];
  for (const [ms, words] of cases) assert.equal(age(ms), words, String(ms));
  assert.equal(ago(5000), "5 s ago");
  assert.equal(ago(10), "now");
  assert.equal(ago(Number.NaN), "");
});

test("speeds are km/h, and nothing when unknown", () => {
  assert.equal(speed(15), "54 km/h");
  assert.equal(speed(0), "0 km/h");
  assert.equal(speed(Number.NaN), "");
});

test("headings have eight names", () => {
  assert.deepEqual([0, 22, 23, 90, 180, 270, 337, 338, 360].map(compass), [
    "N",
    "N",
    "NE",
    "E",
    "S",
    "W",
    "NW",
    "N",
    "N",
  ]); // prettier-ignore
  assert.equal(compass(Number.NaN), "");
});

test("speeds and distances are in the reader's units", () => {
  assert.deepEqual([0, 850, 3210, 9949, 9950, 214_000].map(distance), [
    "0 m",
    "850 m",
    "3.2 km",
    "9.9 km",
    "10 km",
    "214 km",
  ]); // prettier-ignore
  assert.equal(length(4.4), "4 m");
  page.units = "imperial";
  assert.deepEqual([10, 805, 32_187].map(distance), ["33 ft", "0.5 mi", "20 mi"]);
  assert.equal(speed(13.4112), "30 mph");
  assert.equal(length(3.048), "10 ft");
  page.units = "metric";
  assert.equal(distance(Number.NaN), "");
});

test("a place is written as other maps take it", () => {
  assert.equal(coordinates(57.708871, -11.97), "57.70887, -11.97000");
});

test("counts and delays", () => {
  assert.equal(count(1204), "1,204");
  assert.equal(delay(432), "0.4 s");
  assert.equal(delay(12_300), "12 s");
});

test("the clock keeps the least delayed frame and forgets on a new snapshot", () => {
  let local = 1_000_000;
  const clock = new Clock(() => local);
  assert.equal(clock.now(), 1_000_000);
  const at = (ms) => new Date(ms).toISOString();
  clock.heard(at(1_060_000 - 300)); // 60 s ahead of us, 300 ms under way
  clock.heard(at(1_060_000 - 20));
  clock.heard(at(1_060_000 - 900));
  assert.equal(clock.now(), 1_059_980);
  local += 500;
  assert.equal(clock.now(), 1_060_480);
  clock.heard("nonsense");
  clock.heard(undefined);
  assert.equal(clock.now(), 1_060_480);
  clock.heard(at(local - 5000), true); // the server's clock was put back
  assert.equal(clock.now(), local - 5000);
});

test("the delay is a median over ten seconds", () => {
  const seen = new Delay();
  assert.equal(seen.median(0), null);
  for (const late of [100, 300, 200]) seen.add(1000, 1000 - late);
  seen.add(1000, Number.NaN);
  assert.equal(seen.median(1000), 200);
  seen.add(1000, 5000); // clocks disagree: never below zero
  assert.equal(seen.median(11_000), 200);
  assert.equal(seen.median(11_001), null);
});

test("a moment of another year says which", () => {
  const at = Date.UTC(new Date().getFullYear(), 5, 12, 12);
  assert.doesNotMatch(moment(at), /\d{4}/);
  assert.match(moment(Date.UTC(2009, 3, 3, 12)), /3 Apr 2009|Apr 3, 2009/);
});
