import assert from "node:assert/strict";
import { test } from "node:test";
import { step, Track } from "../../static/js/track.js";

const segment = (time, more = {}) => ({
  time,
  lat: time.map((t) => 57 + t / 100_000),
  lon: time.map((t) => 12 + t / 100_000),
  speed: time.map(() => 10),
  heading: time.map(() => 90),
  altitude: time.map(() => null),
  battery: time.map(() => 80),
  ...more,
});
const track = (segments, more = {}) =>
  new Track({ vehicle: { id: 7 }, segments, gaps: [], stops: [], ...more });

test("between two fixes it is on the straight line", () => {
  const one = track([segment([0, 10_000], { speed: [0, 20], heading: [350, 10] })]);
  const { lat, lon, speed, heading, silent } = one.at(5000);
  assert.deepEqual(
    [lat.toFixed(4), lon.toFixed(4), speed, heading, silent],
    ["57.0500", "12.0500", 10, 0, false],
  );
});

test("over a silence nobody knows: it stays where it was last, and says so", () => {
  const one = track([segment([0, 10_000]), segment([600_000, 610_000])]);
  assert.deepEqual(one.at(10_000).silent, false);
  const { lat, silent, index } = one.at(300_000);
  assert.deepEqual([lat, silent, index], [57.1, true, 1]);
  assert.equal(one.at(605_000).silent, false);
  assert.equal(one.at(700_000).silent, true);
  assert.equal(one.at(-1), null);
});

test("lines end at a silence, and only a hint goes over it", () => {
  const one = track([segment([0, 10_000, 20_000]), segment([600_000, 610_000])]);
  const pieces = one.pieces([5]);
  assert.deepEqual(
    pieces.map(({ bin, line }) => [bin, line.length]),
    [
      [1, 3],
      [1, 2],
    ],
  );
  assert.deepEqual(one.hints().flat(2).map(Math.round), [12, 57, 18, 63]);
}); // prettier-ignore

test("each piece has one colour, and the next begins where it ends", () => {
  const one = track([segment([0, 1000, 2000, 3000], { speed: [null, 2, 30, null] })]);
  const pieces = one.pieces([5, 20]);
  assert.deepEqual(
    pieces.map(({ bin }) => bin),
    [0, 2],
  );
  assert.deepEqual(pieces[0].line.at(-1), pieces[1].line[0]);
  assert.equal(pieces[1].line.length, 3); // without a speed: by the way, which is fast
}); // prettier-ignore

test("over the 180th meridian a line goes on, and the vehicle does not circle the Earth", () => {
  const one = track([segment([0, 10_000, 20_000], { lon: [179.9, -179.9, -179.7], lat: [0, 0, 0] })]);
  const [{ line }] = one.pieces([]);
  assert.deepEqual(
    line.map(([lon]) => Math.round(lon * 10) / 10),
    [179.9, 180.1, 180.3],
  );
  assert.ok(Math.abs(one.at(2500).lon - 179.95) < 1e-9);
  assert.ok(Math.abs(one.at(7500).lon + 179.95) < 1e-9);
});

test("quiet are stops and silences, joined, and all that is before and after", () => {
  const one = track([segment([0, 100_000])], {
    gaps: [[40_000, 50_000]],
    stops: [
      { from: 20_000, to: 45_000, lat: 0, lon: 0 },
      { from: 90_000, to: null, lat: 0, lon: 0 },
    ],
  });
  assert.deepEqual(one.quiet(), [
    [Number.NEGATIVE_INFINITY, 0],
    [20_000, 50_000],
    [90_000, Number.POSITIVE_INFINITY],
  ]);
  assert.equal(track([]).quiet().length, 1);
}); // prettier-ignore

test("keys go from fix to fix of all tracks", () => {
  const [a, b] = [track([segment([0, 10, 20])]), track([segment([5, 20])])];
  assert.deepEqual([step([a, b], 0, 1), step([a, b], 10, 1), step([a, b], 20, -1)], [5, 20, 10]);
  assert.ok(Number.isNaN(step([a, b], 20, 1)));
  assert.ok(Number.isNaN(step([a, b], 0, -1)));
  assert.ok(Number.isNaN(step([track([])], 0, 1)));
});

test("the nearest fix in time", () => {
  const one = track([segment([0, 100])]);
  assert.deepEqual(
    [-5, 49, 51, 900].map((time) => one.nearest(time)),
    [0, 0, 1, 1],
  );
  assert.equal(track([]).nearest(5), -1);
});
