// The table that Python runs too.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { expected, STATES, stale, state } from "../../static/js/states.js";

const table = JSON.parse(readFileSync(new URL("../protocol/states.json", import.meta.url), "utf8"));
const ago = (age) => (typeof age === "number" ? table.now - age : Number.NaN);

for (const { fact, ...given } of table.states) {
  test(`state: ${fact}`, () => {
    const known = {
      alerts: given.alerts ?? 0,
      time: ago(given.age),
      speed: given.speed ?? Number.NaN,
      ignition: given.ignition ?? null,
      moved: ago(given.moved),
      silentMoving: given.silent_moving,
      silentStopped: given.silent_stopped,
    };
    assert.equal(state(known, table.now), given.state);
    assert.ok(STATES.includes(given.state));
  });
}

for (const { fact, age, interval, stale: wanted } of table.stale) {
  test(`stale: ${fact}`, () => assert.equal(stale(ago(age), interval ?? Number.NaN, table.now), wanted));
}

for (const { fact, gaps, interval } of table.expected) {
  test(`expected: ${fact}`, () => assert.equal(expected(gaps), interval ?? Number.NaN));
}
