import assert from "node:assert/strict";
import { test } from "node:test";
import { ahead, instant, local, midnight } from "../../static/js/zoned.js";

const utc = (text) => Date.parse(`${text}Z`);

test("what a zone's clock shows, there and back, through summer and winter", () => {
  assert.equal(local(utc("2026-11-23T08:00"), "Europe/Stockholm"), "2026-11-23T09:00");
  assert.equal(local(utc("2026-07-01T08:00:05"), "Asia/Kathmandu"), "2026-07-01T13:45:05");
  assert.equal(ahead(utc("2026-01-01T00:00"), "America/New_York"), -5 * 3_600_000);
  for (let ms = utc("2026-01-01T00:30"); ms < utc("2027-01-01T00:00"); ms += 7 * 3_600_000)
    for (const zone of ["Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia", "UTC"]) {
      const back = instant(local(ms, zone), zone);
      assert.ok(back === ms || (local(back, zone) === local(ms, zone) && back < ms), `${zone} ${ms}`);
    }
});

test("an hour that a clock skips is the one after it; of one that comes twice, the first", () => {
  assert.equal(instant("2026-03-29T02:30", "Europe/Berlin"), utc("2026-03-29T01:30"));
  assert.equal(instant("2026-10-25T02:30", "Europe/Berlin"), utc("2026-10-25T00:30"));
});

test("days begin at midnight, also those of 23 and 25 hours", () => {
  const zone = "Europe/Berlin";
  const hours = (day) => {
    const ms = utc(`${day}T12:00`);
    return (midnight(ms, zone, 1) - midnight(ms, zone)) / 3_600_000;
  };
  assert.deepEqual(["2026-03-29", "2026-06-01", "2026-10-25"].map(hours), [23, 24, 25]);
  assert.equal(midnight(utc("2026-11-23T23:30"), zone), utc("2026-11-23T23:00"));
  assert.equal(midnight(utc("2028-03-01T12:00"), "UTC", -1), utc("2028-02-29T00:00"));
});

test("what is no time is none", () => {
  assert.ok(Number.isNaN(instant("", "UTC")));
  assert.ok(Number.isNaN(instant("soon", "UTC")));
});
