import assert from "node:assert/strict";
import { test } from "node:test";
import { MOST_VEHICLES, preset, presets, read, write } from "../../static/js/history-address.js";

const NOW = Date.parse("2026-11-23T10:00:00Z");
const ZONE = "Europe/Stockholm";
const utc = (text) => Date.parse(`${text}:00Z`);

test("an address says it all, and is written as it was read", () => {
  const address = "?v=7,9&from=2026-11-22T06:00:00Z&to=2026-11-22T18:00:00Z&t=2026-11-22T09:14:22Z";
  const view = read(address, NOW, ZONE);
  assert.deepEqual(view.vehicles, [7, 9]);
  assert.equal(view.at, Date.parse("2026-11-22T09:14:22Z"));
  assert.equal(write(view), address);
});

test("without a range it is today on the reader's calendar", () => {
  const { from, to, at } = read("?v=7", NOW, ZONE);
  assert.deepEqual([from, to, at], [utc("2026-11-22T23:00"), utc("2026-11-23T23:00"), null]);
  assert.equal(preset(from, to, NOW, ZONE), "today");
  assert.equal(preset(from, to + 1, NOW, ZONE), "");
});

test("presets are whole days, today among the seven", () => {
  const { yesterday, week } = presets(NOW, ZONE);
  assert.deepEqual(yesterday, [utc("2026-11-21T23:00"), utc("2026-11-22T23:00")]);
  assert.deepEqual(week, [utc("2026-11-16T23:00"), utc("2026-11-23T23:00")]);
});

test("nonsense is left out", () => {
  assert.deepEqual(read("?v=x,-1,0,7,7,1e99", NOW, ZONE).vehicles, [7]);
  assert.equal(
    preset(...Object.values(read("?from=2026-11-23&to=never", NOW, ZONE)).slice(1, 3), NOW, ZONE),
    "today",
  );
  assert.equal(
    read("?from=2026-11-22T06:00:00Z&to=2026-11-22T18:00:00Z&t=2026-11-23T06:00:00Z", NOW, ZONE).at,
    null,
  );
  const many = Array.from({ length: 40 }, (_, id) => id + 1);
  assert.equal(read(`?v=${many}`, NOW, ZONE).vehicles.length, MOST_VEHICLES);
});

test("zones and numbers as other programs write them", () => {
  const { from, to } = read("?from=2026-11-22T07:00:00 01:00&to=1763845200000", NOW, ZONE);
  assert.equal(from > to, false);
  assert.equal(
    read("?from=2026-11-22T07:00:00%2B01:00&to=2026-11-22T08:00:00Z", NOW, ZONE).from,
    utc("2026-11-22T06:00"),
  );
});
