import assert from "node:assert/strict";
import { test } from "node:test";
import { Store } from "../../static/js/store.js";

const T0 = 1_763_884_800_000;
const iso = (ms) => new Date(ms).toISOString();

function fix(id, time, more = {}) {
  const at = { lat: 57.7, lon: 11.97, speed: 10, ignition: true, accuracy: 4, ...more };
  return [id, time, at.lat, at.lon, at.speed, 90, 80, null, at.ignition, at.accuracy, time + 100];
}

function vehicle(id, more = {}) {
  const uid = `van-${id}`;
  return {
    id,
    uid,
    name: `Van ${id}`,
    plate: "",
    driver: "",
    fleet: "north",
    online: true,
    position: null,
    alerts: 0,
    interval: null,
    ...more,
  };
} // prettier-ignore

const snapshot = (vehicles, more = {}) => ({
  type: "snapshot",
  n: 0,
  server_time: iso(T0),
  vehicles,
  ...more,
});
const positions = (...items) => ({ type: "positions", items });

function alert(id, more = {}) {
  return {
    type: "alert",
    id,
    vehicle: 1,
    kind: "sos",
    status: "open",
    received: iso(T0 + 5000),
    count: 1,
    ...more,
  };
}

/** What somebody can see of a store, whatever the slots. */
function seen(store) {
  return [...store.slots()]
    .map((slot) => [
      store.vehicle(slot),
      store.time[slot],
      store.lat[slot],
      store.lon[slot],
      store.speed[slot],
      store.ignition[slot],
      store.online[slot],
      store.alerts(slot),
    ])
    .sort((a, b) => a[0].id - b[0].id); // prettier-ignore
}

test("a snapshot names every vehicle, with or without a position", () => {
  const store = new Store();
  const moved = store.apply(snapshot([vehicle(1, { position: fix(1, T0) }), vehicle(2)]));
  assert.deepEqual(moved, [store.slot(1)]);
  assert.equal(store.size, 2);
  assert.ok(store.complete);
  assert.equal(store.state(store.slot(1), T0), "moving");
  assert.equal(store.state(store.slot(2), T0), "never");
});

test("the newest time of a vehicle wins, in any order, however often", () => {
  const fixes = [fix(1, T0 + 1000, { lat: 1 }), fix(1, T0 + 3000, { lat: 3 }), fix(1, T0 + 2000, { lat: 2 })];
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
    [1, 1, 0, 2, 0, 1],
  ]; // prettier-ignore
  for (const order of orders) {
    const store = new Store();
    store.apply(snapshot([vehicle(1)]));
    for (const i of order) store.apply(positions(fixes[i]));
    assert.equal(store.lat[store.slot(1)], 3, String(order));
  }
});

test("an older or equal fix moves nothing, an unknown vehicle is ignored", () => {
  const store = new Store();
  store.apply(snapshot([vehicle(1, { position: fix(1, T0) })]));
  assert.deepEqual(
    store.apply(positions(fix(1, T0, { lat: 9 }), fix(1, T0 - 1, { lat: 9 }), fix(99, T0))),
    [],
  );
  assert.equal(store.lat[store.slot(1)], 57.7);
});

test("a heartbeat of the same time changes the battery alone", () => {
  const store = new Store();
  store.apply(snapshot([vehicle(1, { position: fix(1, T0) })]));
  const beat = fix(1, T0, { lat: 9 });
  beat[6] = 42;
  assert.deepEqual(store.apply(positions(beat)), [store.slot(1)]);
  assert.equal(store.battery[store.slot(1)], 42);
  assert.equal(store.lat[store.slot(1)], 57.7);
});

test("a snapshot over changes that came before it is the same as a fresh one", () => {
  const late = new Store();
  late.apply(snapshot([vehicle(1, { position: fix(1, T0) }), vehicle(3)]));
  late.apply(positions(fix(1, T0 + 4000, { lat: 58 })));
  late.apply({ type: "presence", id: 1, online: false });
  const now = snapshot([vehicle(1, { position: fix(1, T0 + 4000, { lat: 58 }) }), vehicle(2)]);
  late.apply(now);
  const fresh = new Store();
  fresh.apply(now);
  assert.deepEqual(seen(late), seen(fresh));
});

test("parts are one snapshot: nobody goes before the last has come", () => {
  const store = new Store();
  store.apply(snapshot([vehicle(1), vehicle(2), vehicle(3)]));
  store.apply(snapshot([vehicle(1)], { part: 1, parts: 2 }));
  assert.equal(store.size, 3);
  store.apply(snapshot([vehicle(2)], { part: 2, parts: 2 }));
  assert.deepEqual(
    seen(store).map(([v]) => v.id),
    [1, 2],
  );
});

test("a connection lost between parts leaves nothing of the half snapshot's verdict", () => {
  const store = new Store();
  store.apply(snapshot([vehicle(1)], { part: 1, parts: 3 }));
  assert.ok(!store.complete);
  store.apply(snapshot([vehicle(2)], { part: 1, parts: 2 }));
  store.apply(snapshot([vehicle(3)], { part: 2, parts: 2 }));
  assert.deepEqual(
    seen(store).map(([v]) => v.id),
    [2, 3],
  );
});

test("thousands of vehicles: arrays grow and keep what they held", () => {
  const store = new Store(2);
  const many = Array.from({ length: 3000 }, (_, i) => vehicle(i + 1, { position: fix(i + 1, T0 + i) }));
  store.apply(snapshot(many));
  assert.equal(store.size, 3000);
  for (const id of [1, 2, 3, 1500, 3000]) assert.equal(store.time[store.slot(id)], T0 + id - 1);
});

test("a removed vehicle's slot serves the next one, without its past", () => {
  const store = new Store();
  store.apply(snapshot([vehicle(1, { position: fix(1, T0), alerts: 2 })]));
  const slot = store.slot(1);
  const gone = [];
  store.onRemove = (removed) => gone.push(removed);
  store.apply({ type: "vehicle", id: 1, removed: true });
  assert.deepEqual(gone, [slot]);
  assert.equal(store.slot(1), -1);
  assert.equal(store.vehicle(slot), undefined);
  store.apply({ type: "vehicle", ...vehicle(2) });
  assert.equal(store.slot(2), slot);
  assert.equal(store.state(slot, T0), "never");
  assert.equal(store.alerts(slot), 0);
});

test("an alert opens, is repeated, and is taken on", () => {
  const store = new Store();
  store.apply(snapshot([vehicle(1)]));
  const slot = store.slot(1);
  store.apply(alert(7));
  store.apply(alert(7, { count: 2 }));
  assert.equal(store.alerts(slot), 1);
  assert.equal(store.state(slot, T0), "alarm");
  store.apply(alert(8));
  assert.equal(store.alerts(slot), 2);
  store.apply(alert(7, { status: "acknowledged" }));
  store.apply(alert(7, { status: "acknowledged" }));
  assert.equal(store.alerts(slot), 1);
  store.apply(alert(8, { status: "closed" }));
  assert.equal(store.alerts(slot), 0);
});

test("an alert that the snapshot has counted is not counted again", () => {
  const store = new Store();
  store.apply(snapshot([vehicle(1, { alerts: 1 })]));
  const slot = store.slot(1);
  store.apply(alert(7, { received: iso(T0 - 60_000), count: 2 }));
  assert.equal(store.alerts(slot), 1);
  store.apply(alert(7, { received: iso(T0 - 60_000), status: "acknowledged" }));
  assert.equal(store.alerts(slot), 0);
});

test("a new alert beside one that only the snapshot knows", () => {
  const store = new Store();
  store.apply(snapshot([vehicle(1, { alerts: 1 })]));
  store.apply(alert(8));
  assert.equal(store.alerts(store.slot(1)), 2);
  store.apply(alert(8, { status: "acknowledged" }));
  assert.equal(store.alerts(store.slot(1)), 1);
});

test("an alert of a vehicle that is not shown yet waits for it", () => {
  const store = new Store();
  store.apply(alert(7));
  store.apply(snapshot([vehicle(1, { alerts: 1 })]));
  assert.equal(store.alerts(store.slot(1)), 1);
});

test("without a speed, 30 m within a minute is movement, less than the accuracy is not", () => {
  const still = { speed: null, ignition: null };
  const north = (metres) => 57.7 + metres / 111_195;
  const after = (metres, seconds, accuracy) => {
    const store = new Store();
    store.apply(snapshot([vehicle(1, { position: fix(1, T0, { ...still, accuracy }) })]));
    const time = T0 + 1000 * seconds;
    store.apply(positions(fix(1, time, { ...still, accuracy, lat: north(metres) })));
    return store.state(store.slot(1), time);
  };
  assert.equal(after(40, 30, 4), "moving");
  assert.equal(after(33, 30, 4), "stopped");
  assert.equal(after(60, 30, 50), "stopped");
  assert.equal(after(40, 90, 4), "stopped");
});

test("the expected interval is the server's until five gaps were seen", () => {
  const store = new Store();
  store.apply(snapshot([vehicle(1, { interval: 60, position: fix(1, T0) })]));
  const slot = store.slot(1);
  for (let i = 1; i <= 4; i++) store.apply(positions(fix(1, T0 + i * 10_000)));
  assert.equal(store.interval[slot], 60);
  store.apply(positions(fix(1, T0 + 50_000)));
  assert.equal(store.interval[slot], 10);
  assert.ok(!store.stale(slot, T0 + 70_000));
  assert.ok(store.stale(slot, T0 + 70_001));
});

test("each fleet says how long silence is offline", () => {
  const store = new Store(2, [{ slug: "north", offline_moving_s: 60, offline_stopped_s: 120 }]);
  store.apply(
    snapshot([
      vehicle(1, { position: fix(1, T0) }),
      vehicle(2, { position: fix(2, T0, { speed: 0, ignition: false }) }),
      vehicle(3, { position: fix(3, T0), fleet: "south" }),
    ]),
  );
  const after = (seconds) => [1, 2, 3].map((id) => store.state(store.slot(id), T0 + 1000 * seconds));
  assert.deepEqual(after(60), ["moving", "stopped", "moving"]);
  assert.deepEqual(after(61), ["offline", "stopped", "moving"]);
  assert.deepEqual(after(121), ["offline", "offline", "moving"]);
});

test("frames of other kinds change nothing", () => {
  const store = new Store();
  store.apply(snapshot([vehicle(1)]));
  const before = seen(store);
  for (const type of ["message", "reply", "pong", "error", "of a newer server"])
    assert.deepEqual(store.apply({ type, id: 1, vehicle: 1 }), []);
  assert.deepEqual(seen(store), before);
});

test("positions in one array of numbers say the same as one array each", () => {
  const items = [
    [7, 1000, 52.5, 13.4, 12.5, 270, 87, null, true, 4, 1200],
    [8, 1000, -52.5, 13.4, null, null, null, "sos", false, null, 1300],
    [9, 2000, 1, 2, 0, 90, 5, null, null, 3, 2100],
    [70, 2000, 1, 2, 0, 90, 5, null, null, 3, 2100], // nobody
  ];
  const numbers = items.flat().map((value) => (typeof value === "boolean" ? Number(value) : value));
  const packed = Float64Array.from(numbers, (value) => (typeof value === "number" ? value : Number.NaN));
  const [one, other] = [new Store(4), new Store(4)];
  for (const store of [one, other])
    store.apply({ type: "snapshot", vehicles: [{ id: 7 }, { id: 8 }, { id: 9 }] });
  const moved = one.apply({ type: "positions", items });
  assert.deepEqual(other.apply({ type: "positions", items: packed }), moved);
  assert.equal(moved.length, 3);
  for (const field of [
    "time",
    "lat",
    "lon",
    "speed",
    "heading",
    "battery",
    "accuracy",
    "received",
    "ignition",
  ])
    assert.deepEqual(other[field], one[field], field);
});

test("vehicles are found whatever their ids have in common, while the store grows and some leave", () => {
  const ids = [...Array(600).keys()].flatMap((i) => [i + 1, i + 1 + 2 ** 20, i + 1 + 2 ** 33]);
  const store = new Store(4);
  store.apply(snapshot(ids.map((id) => vehicle(id))));
  for (const id of ids.slice(0, 300)) store.apply({ type: "vehicle", id, removed: true });
  for (const id of ids) {
    const slot = store.slot(id);
    assert.equal(store.vehicle(slot)?.id, ids.indexOf(id) < 300 ? undefined : id);
  }
  assert.equal(store.slot(Number.NaN), -1);
  assert.equal(store.likeness().slot(ids[500]), store.slot(ids[500]));
});
