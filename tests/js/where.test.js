import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { ASK_MS, MOST, REST_MS, Where } from "../../static/js/where.js";

let asked;
let down;
const now = () => Date.now();

/** The server, which is not in this process. */
async function server(address) {
  asked.push(address);
  if (down) throw new TypeError("away");
  const places = [...new URL(address, "http://here").searchParams.getAll("at")].map((at) => `at ${at}`);
  return { ok: true, json: async () => ({ places }) };
}

beforeEach(() => {
  asked = [];
  down = false;
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 });
});

const fix = (lat, speed = 0) => ({ lat, lon: 12, speed });

async function answered() {
  mock.timers.tick(ASK_MS);
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

test("what is wanted together is asked together, once", async () => {
  let told = 0;
  const where = new Where("/api/places", () => told++, server);
  assert.equal(where.of(1, fix(57.7), now()), "");
  where.of(2, fix(57.8), now());
  where.of(1, fix(57.7), now());
  where.of(3, fix(Number.NaN), now());
  await answered();
  assert.deepEqual(asked, ["/api/places?at=57.7000,12.0000&at=57.8000,12.0000"]);
  assert.equal(told, 1);
  assert.equal(where.of(1, fix(57.7), now()), "at 57.7000,12.0000");
  await answered();
  assert.equal(asked.length, 1);
});

test("who stands is asked for again once moved, who drives after a while, and far words are not said", async () => {
  const where = new Where("/p", () => {}, server);
  where.of(1, fix(57.7), now());
  where.of(2, fix(57.7, 20), now());
  await answered();
  where.of(1, fix(57.7003), now()); // 33 m
  where.of(2, fix(57.71, 20), now()); // 1.1 km, but just asked
  await answered();
  assert.equal(asked.length, 1);
  assert.equal(where.of(2, fix(57.71, 20), now()), "at 57.7000,12.0000");
  assert.equal(where.of(2, fix(57.72, 20), now()), "");
  where.of(1, fix(57.701), now());
  mock.timers.tick(15_000);
  where.of(2, fix(57.72, 20), now()); // while the first question is under way
  await answered();
  await answered();
  assert.equal(where.of(1, fix(57.701), now()), "at 57.7010,12.0000");
  assert.equal(where.of(2, fix(57.72, 20), now()), "at 57.7200,12.0000");
});

test("a question has its limit, and after one without an answer there is a rest", async () => {
  const where = new Where("/p", () => {}, server);
  const all = () => {
    for (let id = 0; id < MOST + 10; id++) where.of(id, fix(50 + id / 100), now());
  };
  down = true;
  all();
  await answered();
  assert.equal(asked[0].split("at=").length - 1, MOST);
  down = false;
  all();
  await answered();
  assert.equal(asked.length, 1);
  mock.timers.tick(REST_MS);
  all();
  await answered();
  assert.equal(where.of(MOST, fix(50 + MOST / 100), now()), `at ${(50 + MOST / 100).toFixed(4)},12.0000`);
});
