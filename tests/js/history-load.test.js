import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { History } from "../../static/js/history-load.js";

const MINUTE_MS = 60_000;
const T = 1_763_884_800_000;
const [FROM, TO] = [T - 90 * MINUTE_MS, T - 30 * MINUTE_MS]; // over
let asked = [];

/** Answers with one fix more each time, as a device sends what it kept. */
async function answer(address) {
  asked.push(address);
  const times = asked.map((_, index) => FROM + index * 1000);
  return Response.json({ vehicle: { id: 7 }, segments: [{ time: times, lat: times, lon: times }] });
}

beforeEach(() => {
  asked = [];
  mock.method(globalThis, "fetch", answer);
  mock.timers.enable({ apis: ["Date"], now: T });
});
afterEach(() => {
  mock.restoreAll();
  mock.timers.reset();
});

const fixes = async (archive, to = TO) => (await archive.load([7], FROM, to)).tracks[0].length;

test("a track that was just read is not read again while one looks around", async () => {
  const archive = new History("/api/vehicles/0/history");
  assert.equal(await fixes(archive), 1);
  assert.equal(await fixes(archive, TO + 1000), 2);
  assert.equal(await fixes(archive), 1);
  assert.match(asked[0], /^\/api\/vehicles\/7\/history\?from=/);
});

test("who asks again sees what a device sent late, and so does who comes back after a while", async () => {
  const archive = new History("/api/vehicles/0/history");
  assert.equal(await fixes(archive), 1);
  archive.forget();
  assert.equal(await fixes(archive), 2);
  mock.timers.tick(MINUTE_MS);
  assert.equal(await fixes(archive), 3);
});

test("a time that goes on is read each time, also when it has ended since", async () => {
  const archive = new History("/api/vehicles/0/history");
  assert.equal(await fixes(archive, T + 10_000), 1);
  assert.equal(await fixes(archive, T + 10_000), 2);
  mock.timers.tick(20_000);
  assert.equal(await fixes(archive, T + 10_000), 3);
  assert.equal(await fixes(archive, T + 10_000), 3);
});
