import assert from "node:assert/strict";
import { test } from "node:test";
import { heights, rest, step, tapped } from "../../static/js/sheet.js";

const known = heights({ room: 700, peek: 140 });

test("three stops: what a peek shows, half of the room, all of it", () => {
  assert.deepEqual(known, { peek: 140, half: 378, full: 700 });
});

test("in a low room no stop is higher than the room, or half lower than a peek", () => {
  assert.deepEqual(heights({ room: 200, peek: 140 }), { peek: 140, half: 140, full: 200 });
  assert.deepEqual(heights({ room: 100, peek: 140 }), { peek: 100, half: 100, full: 100 });
});

test("a sheet that is let go rests at the nearest stop", () => {
  assert.equal(rest(180, 0, known), "peek");
  assert.equal(rest(300, 0, known), "half");
  assert.equal(rest(600, 0, known), "full");
});

test("a fling goes on in its direction", () => {
  assert.equal(rest(300, 2, known), "full");
  assert.equal(rest(300, -2, known), "peek");
  assert.equal(rest(140, -5, known), "peek");
});

test("arrow keys go one stop and stay at an end; a tap goes round", () => {
  assert.equal(step("peek", 1), "half");
  assert.equal(step("full", 1), "full");
  assert.equal(step("peek", -1), "peek");
  assert.deepEqual(["peek", "half", "full"].map(tapped), ["half", "full", "peek"]);
});
