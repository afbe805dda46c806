import assert from "node:assert/strict";
import { test } from "node:test";
import { common, joined, ReplayClock } from "../../static/js/replay-clock.js";

const HOUR = 3_600_000;

test("time goes as the wall's, times the speed", () => {
  const clock = new ReplayClock(0, HOUR);
  clock.setSpeed(10, 0);
  clock.play(5000);
  assert.equal(clock.tick(6000), 10_000);
  clock.setSpeed(600, 6500); // half a second at the old speed
  assert.equal(clock.tick(7500), 15_000 + 600_000);
});

test("a pause stands still, and going on does not make up for it", () => {
  const clock = new ReplayClock(0, HOUR);
  clock.setSpeed(1, 0);
  clock.play(0);
  clock.tick(1000);
  clock.pause();
  assert.equal(clock.tick(50_000), 1000);
  clock.play(60_000);
  assert.equal(clock.tick(61_000), 2000);
});

test("it ends at the end, and begins anew from there", () => {
  const clock = new ReplayClock(0, 1000);
  clock.setSpeed(600, 0);
  clock.play(0);
  assert.equal(clock.tick(1e9), 1000);
  assert.equal(clock.playing, false);
  clock.play(1e9);
  assert.equal(clock.time, 0);
});

test("nothing can be sought outside, and nothing of no length plays", () => {
  const clock = new ReplayClock(10, 20, Number.NaN);
  assert.equal(clock.time, 10);
  clock.seek(99);
  assert.equal(clock.time, 20);
  clock.seek(-99);
  assert.equal(clock.time, 10);
  const nothing = new ReplayClock(10, 10);
  nothing.play(0);
  assert.equal(nothing.playing, false);
});

test("a wall clock that goes back stops nothing", () => {
  const clock = new ReplayClock(0, HOUR);
  clock.play(1000);
  assert.equal(clock.tick(500), 0);
  assert.ok(clock.tick(600) > 0);
});

test("what is left out is seen for a second first, and told", () => {
  const clock = new ReplayClock(0, HOUR);
  const told = [];
  clock.onSkip = (skipped) => told.push(skipped);
  clock.skips = [
    [100_000, 400_000],
    [500_000, 900_000],
  ];
  clock.setSpeed(60, 0);
  clock.seek(90_000, 0);
  clock.play(0);
  assert.equal(clock.tick(1000), 150_000);
  assert.equal(clock.tick(1200), 400_000); // 62 s in it, a second of the wall
  assert.deepEqual(told, [[100_000, 400_000]]);
  assert.equal(clock.tick(2200), 460_000);
});

test("a stop that was sought into is left after a look; one at the end ends the replay", () => {
  const clock = new ReplayClock(0, 1000_000);
  clock.skips = [[200_000, Number.POSITIVE_INFINITY]];
  clock.setSpeed(10, 0);
  clock.seek(300_000, 0);
  clock.play(0);
  assert.equal(clock.tick(100), 1000_000);
  assert.equal(clock.playing, false);
});

test("quiet for all is quiet for each at once", () => {
  const a = [
    [0, 100],
    [200, 400],
  ];
  const b = [
    [50, 250],
    [300, 350],
  ];
  assert.deepEqual(common([a, b], 0), [
    [50, 100],
    [200, 250],
    [300, 350],
  ]);
  assert.deepEqual(common([a, b], 49), [
    [50, 100],
    [200, 250],
    [300, 350],
  ]);
  assert.deepEqual(common([a, b], 50), []);
  assert.deepEqual(common([], 0), []);
  assert.deepEqual(
    joined([
      [5, 9],
      [0, 3],
      [3, 4],
      [6, 7],
    ]),
    [
      [0, 4],
      [5, 9],
    ],
  );
}); // prettier-ignore
