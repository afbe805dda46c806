import assert from "node:assert/strict";
import { test } from "node:test";
import { saying } from "../../static/js/silence.js";

const STOPPED = Date.UTC(2025, 10, 23, 17, 2);
const SOON = STOPPED + 60_000;

test("a driver who stopped sharing is not called offline", () => {
  for (const state of /** @type {const} */ (["moving", "stopped", "offline"]))
    assert.match(saying(state, STOPPED, STOPPED - 1000, SOON), /^driver stopped sharing \d\d:\d\d/);
});

test("a fix after that says that something shares again", () => {
  assert.equal(saying("moving", STOPPED, STOPPED + 1, SOON), "Moving");
});

test("an alarm is louder, and who never stopped has its state", () => {
  assert.equal(saying("alarm", STOPPED, STOPPED - 1000, SOON), "Alarm");
  assert.equal(saying("offline", Number.NaN, STOPPED, SOON), "Offline");
  assert.equal(saying("never", Number.NaN, Number.NaN, SOON), "No position yet");
});

test("the next day the weekday is said too", () => {
  assert.match(saying("offline", STOPPED, STOPPED, STOPPED + 86_400_000), /Sun/);
});
