import assert from "node:assert/strict";
import { test } from "node:test";
import { acked, raised, taken } from "../../static/js/drive/alerts.js";
import { offset } from "../../static/js/drive/clock.js";
import { Inbox, MOST_KEPT } from "../../static/js/drive/inbox.js";
import { carryOut, receipt } from "../../static/js/drive/orders.js";
import { due, fixOf } from "../../static/js/drive/sharing.js";
import { CALM_S, Speedometer, speedOf, UNKNOWN_S } from "../../static/js/drive/speed.js";
import { connection, ended, sos } from "../../static/js/drive/words.js";

const T = Date.UTC(2025, 10, 23, 14, 2);
const where = (seconds, speed, more = {}) => ({
  time: T + 1000 * seconds,
  latitude: 57.7,
  longitude: 11.9,
  speed,
  accuracy: 5,
  ...more,
});

// --- speed -----------------------------------------------------------------------------------------

test("above 10 km/h at once, below it only after a while", () => {
  const pace = new Speedometer();
  assert.equal(pace.at(T), "slow", "nobody is asked to write before anything is known");
  assert.equal(pace.take(where(0, 10.1 / 3.6)), "fast");
  assert.equal(pace.take(where(1, 9.9 / 3.6)), "fast");
  assert.equal(pace.take(where(1 + CALM_S, 9.9 / 3.6)), "slow");
  assert.equal(pace.take(where(20, 0)), "slow");
  assert.equal(pace.take(where(20 + CALM_S, 0)), "still");
  assert.equal(pace.take(where(40, 2)), "slow", "off again: at once");
});

test("a red light between two fast stretches unlocks nothing", () => {
  const pace = new Speedometer();
  pace.take(where(0, 14));
  pace.take(where(1, 0));
  pace.take(where(2, 14));
  assert.equal(pace.take(where(2 + CALM_S, 0)), "fast");
});

test("without a speed the way tells it, beyond what the accuracy explains", () => {
  const far = where(10, null, { latitude: 57.701 }); // 111 m in 10 s, of which 5 m may be error
  assert.ok(Math.abs(Number(speedOf(where(0, null), far)) - 10.6) < 0.1);
  assert.equal(speedOf(where(0, null), where(10, null, { latitude: 57.70003 })), 0);
  assert.equal(speedOf(null, far), null);
  assert.equal(speedOf(where(0, null), where(UNKNOWN_S + 1, null)), null);
});

test("after a tunnel nobody knows how fast it is: no answer is locked, nothing more is asked", () => {
  const pace = new Speedometer();
  pace.take(where(0, 25));
  assert.equal(pace.at(T + 1000 * UNKNOWN_S), "fast");
  assert.equal(pace.at(T + 1000 * UNKNOWN_S + 1), "slow");
});

// --- fixes ------------------------------------------------------------------------------------------

test("a fix says what the phone knows and nothing it does not", () => {
  const coords = {
    latitude: 57.7,
    longitude: 11.9,
    accuracy: 6,
    speed: null,
    heading: Number.NaN,
    altitude: 12,
  };
  assert.deepEqual(fixOf({ coords, timestamp: T + 0.4 }, 0, 0.874), {
    time: T,
    latitude: 57.7,
    longitude: 11.9,
    altitude: 12,
    accuracy: 6,
    battery: 87,
  });
  assert.equal(fixOf({ coords, timestamp: T }, -3_600_000, null).time, T - 3_600_000);
});

test("one fix an interval, none twice", () => {
  assert.ok(due(Number.NaN, T, 5));
  assert.ok(!due(T, T, 5));
  assert.ok(!due(T, T + 4000, 5));
  assert.ok(due(T, T + 4600, 5));
  assert.ok(!due(T, T - 60_000, 5), "an older one is no news");
});

test("a phone's clock is corrected when it is clearly wrong", () => {
  assert.equal(offset("2025-11-23T14:02:00.000Z", T + 20_000), 0);
  assert.equal(offset("2025-11-23T14:02:00.000Z", T + 3_600_000), -3_600_000);
  assert.equal(offset("nonsense", T), 0);
});

// --- messages --------------------------------------------------------------------------------------

function disk() {
  const rows = new Map();
  return {
    rows,
    all: async () => [...rows.values()],
    put: async (_shelf, row) => rows.set(row.id, structuredClone(row)),
    remove: async (_shelf, keys) => {
      for (const key of keys) rows.delete(key);
    },
  };
}
const message = (id, more = {}) => ({
  id,
  type: "message",
  text: id,
  from: "Dana",
  replies: ["OK"],
  ...more,
});

test("a message is shown once, in its order, also after a reload", async () => {
  const store = disk();
  const inbox = new Inbox(store);
  await inbox.open();
  assert.ok(await inbox.take(message("b"), T));
  assert.ok(await inbox.take(message("a"), T));
  assert.ok(!(await inbox.take(message("b"), T)));
  assert.deepEqual(
    inbox.waiting.map(({ id }) => id),
    ["b", "a"],
  );
  assert.ok(await inbox.answer("b", "OK"));
  assert.ok(!(await inbox.answer("b", "OK")), "a double tap is one answer");
  const again = new Inbox(store);
  await again.open();
  assert.ok(!(await again.take(message("b"), T)));
  assert.deepEqual(
    again.waiting.map(({ id }) => id),
    ["a"],
  );
  assert.deepEqual(
    again.past(9).map(({ answer }) => answer),
    ["OK"],
  );
});

test("old conversations go, what waits for the driver never does", async () => {
  const store = disk();
  const inbox = new Inbox(store);
  await inbox.take(message("open"), T);
  for (let n = 0; n < MOST_KEPT + 5; n++) await inbox.said(`s${n}`, "x", T);
  assert.equal(store.rows.size, MOST_KEPT + 1);
  assert.equal(inbox.waiting.length, 1);
});

test("commands are no messages to the driver", async () => {
  const inbox = new Inbox(disk());
  await inbox.take({ id: "c", type: "command" }, T);
  assert.equal(inbox.waiting.length + inbox.past(9).length, 0);
  await inbox.obeyed("c", "done");
  assert.equal(inbox.get("c")?.answer, "done");
});

test("commands are carried out or refused with a reason", async () => {
  let [located, interval] = [0, 0];
  const able = {
    locate: async () => {
      located++;
    },
    every: async (seconds) => {
      interval = seconds;
    },
  };
  const run = async (name, args) => receipt("c", await carryOut({ id: "c", name, args }, able));
  assert.deepEqual(await run("locate"), { type: "receipt", id: "c", status: "done" });
  assert.deepEqual(await run("interval", { seconds: 30 }), { type: "receipt", id: "c", status: "done" });
  assert.deepEqual([located, interval], [1, 30]);
  assert.equal((await run("interval", { seconds: 0 })).status, "failed");
  assert.deepEqual(await run("reboot"), {
    type: "receipt",
    id: "c",
    status: "failed",
    detail: "unknown command",
  });
  able.locate = () => Promise.reject(new Error("the driver does not share"));
  assert.equal((await run("locate")).detail, "the driver does not share");
});

// --- SOS ----------------------------------------------------------------------------------------------

test("an SOS is sending, received, seen, and only by its own news", () => {
  const alert = { kind: "sos", status: "acknowledged", by: "Dana", at: "2025-11-23T14:04:00.000Z" };
  let state = raised(T);
  state = acked(state, [T - 1000], T);
  assert.equal(state.state, "sending");
  state = taken(state, { ...alert, last_time: "2025-11-23T14:01:00.000Z" });
  assert.equal(state.state, "sending", "that was the alarm before");
  state = acked(state, [T], T + 500);
  assert.equal(state.state, "received");
  state = taken(state, { ...alert, kind: "tow", last_time: "2025-11-23T14:02:00.000Z" });
  assert.equal(state.state, "received");
  state = taken(state, { ...alert, last_time: "2025-11-23T14:02:00.000Z" });
  assert.equal(state.state, "seen");
  assert.match(sos(state), /^SOS: seen by Dana/);
  assert.equal(acked(state, [T], T).state, "seen", "never back");
  assert.equal(taken(null, alert), null);
});

// --- words --------------------------------------------------------------------------------------------

const calm = { link: "live", network: true, sharing: true, waiting: 0, since: Number.NaN, now: T };

test("the connection in words", () => {
  assert.deepEqual(connection(calm), { good: true, text: "live · all sent" });
  assert.equal(
    connection({ ...calm, waiting: 1, since: T - 50 }).text,
    "live · all sent",
    "it is on its way",
  );
  assert.equal(connection({ ...calm, waiting: 14, since: T - 60_000 }).text, "live · sending 14");
  const away = { ...calm, link: "lost", network: false, waiting: 14, since: T };
  assert.match(connection(away).text, /^no network · 14 waiting since \d\d:\d\d/);
  assert.match(connection({ ...away, network: true, waiting: 0 }).text, /^reconnecting/);
  assert.equal(connection({ ...calm, link: "off", sharing: false }).text, "not sharing");
});

test("each end has a reason and one action", () => {
  assert.deepEqual(ended(4409, "Van 7"), {
    text: "Another phone or window reports for Van 7 now.",
    action: "Use this one",
  });
  for (const code of [4401, 4403]) assert.match(ended(code, "Van 7").text, /new code/);
});
