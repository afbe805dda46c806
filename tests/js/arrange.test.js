import assert from "node:assert/strict";
import { test } from "node:test";
import { arrange, Names, Order, RESORT_MS, reveal, rows } from "../../static/js/arrange.js";
import { everything } from "../../static/js/filter.js";
import { STATES } from "../../static/js/states.js";
import { Store } from "../../static/js/store.js";

const T0 = 1_763_884_800_000;

function fleet() {
  const rows = [
    [1, "Van 10", "Åsa Öberg", "north", 10, 0],
    [2, "Van 9", "Jan de Vries", "north", 0, 0],
    [3, "Truck 1", "Mia", "south", 10, 1],
    [4, "Van 2", "Jan Smit", "south", null, 0],
  ];
  const store = new Store();
  store.apply({
    type: "snapshot",
    server_time: new Date(T0).toISOString(),
    vehicles: rows.map(([id, name, driver, slug, speed, alerts]) => ({
      id,
      name,
      driver,
      fleet: slug,
      alerts,
      uid: `u${id}`,
      tags: id === 2 ? ["Cold chain"] : [],
      plate: `P-${id}`,
      online: true,
      interval: null,
      position: speed === null ? null : [id, T0, 57.7, 12, speed, 0, null, null, false, 4, T0],
    })),
  }); // prettier-ignore
  return store;
}

function shown(filter = {}) {
  const store = fleet();
  const names = new Names();
  names.refresh(store);
  const result = arrange(store, names, { ...everything(), ...filter }, T0);
  return { names: result.slots.map((slot) => store.vehicle(slot).name), counts: result.counts };
}

test("alarms first, then by name as people count", () => {
  assert.deepEqual(shown().names, ["Truck 1", "Van 2", "Van 9", "Van 10"]);
});

test("chips count what the rest of the filter leaves, whatever they hide themselves", () => {
  const { names, counts } = shown({ states: new Set(["moving"]) });
  assert.deepEqual(names, ["Van 10"]);
  assert.deepEqual(counts, { all: 4, alarm: 1, moving: 1, idle: 0, stopped: 1, offline: 0, never: 1 });
  assert.equal(shown({ fleets: new Set(["north"]) }).counts.all, 2);
});

test("search looks at name, driver, plate, tag and device, every word, without accents", () => {
  assert.deepEqual(shown({ query: "oberg" }).names, ["Van 10"]);
  assert.deepEqual(shown({ query: "JAN van" }).names, ["Van 2", "Van 9"]);
  assert.deepEqual(shown({ query: "p-3" }).names, ["Truck 1"]);
  assert.deepEqual(shown({ query: "u4" }).names, ["Van 2"]);
  assert.deepEqual(shown({ query: "cold" }).names, ["Van 9"]);
  assert.deepEqual(shown({ query: "  " }).names.length, 4);
  assert.deepEqual(shown({ query: "nobody" }).names, []);
});

test("a fleet's chip counts what the rest of the filter leaves, and what is left out can be dimmed", () => {
  const store = fleet();
  const names = new Names();
  names.refresh(store);
  const filter = { ...everything(), fleets: new Set(["north"]), query: "jan" };
  const { fleets, slots, dimmed } = arrange(store, names, filter, T0);
  assert.deepEqual(fleets, { north: 1, south: 1 });
  assert.deepEqual(slots, [store.slot(2)]);
  assert.deepEqual(dimmed.map((slot) => store.vehicle(slot).id).sort(), [1, 3, 4]);
});

/** Names in an order. */
function sorted(sort, from = null) {
  const store = fleet();
  store.apply({ type: "positions", items: [[2, T0 + 5000, 58.7, 12, 0, 0, null, null, false, 4, T0]] });
  const names = new Names();
  names.refresh(store);
  const order = new Order().refresh(store, names, sort, T0, from);
  const { slots } = arrange(store, names, { ...everything(), sort }, T0, { order, nearest: from !== null });
  return slots.map((slot) => store.vehicle(slot).name);
}

test("sorted by state, speed, age and distance; unknown values last, equal ones by name", () => {
  assert.deepEqual(sorted("name"), ["Truck 1", "Van 2", "Van 9", "Van 10"]);
  assert.deepEqual(sorted("state"), ["Truck 1", "Van 10", "Van 9", "Van 2"]);
  assert.deepEqual(sorted("speed"), ["Truck 1", "Van 10", "Van 9", "Van 2"]);
  assert.deepEqual(sorted("age"), ["Truck 1", "Van 9", "Van 10", "Van 2"]);
  assert.deepEqual(sorted("name", [12, 58.6]), ["Van 9", "Truck 1", "Van 10", "Van 2"]);
});

test("distances are those of the globe", () => {
  const store = fleet();
  const names = new Names();
  names.refresh(store);
  const order = new Order();
  order.refresh(store, names, "name", T0, [12, 58.7]);
  assert.ok(Math.abs(order.distance[store.slot(1)] - 111_195) < 1);
  assert.ok(Number.isNaN(order.distance[store.slot(4)]));
});

test("rows sorted by speed stay put for a while, and move with a new vehicle or another sort at once", () => {
  const store = fleet();
  const names = new Names();
  const order = new Order();
  const first = (sort, now) => {
    names.refresh(store);
    return store.vehicle(order.refresh(store, names, sort, now)[0]).id;
  };
  const fast = (id, time) =>
    store.apply({ type: "positions", items: [[id, time, 57.7, 12, 40, 0, null, null, false, 4, time]] });
  assert.equal(first("speed", T0), 3);
  fast(2, T0 + 1);
  assert.equal(first("speed", T0 + RESORT_MS - 1), 3);
  assert.equal(first("age", T0 + RESORT_MS - 1), 2);
  assert.equal(first("speed", T0 + RESORT_MS - 1), 2);
  fast(1, T0 + 2);
  assert.equal(first("speed", T0 + 2 * RESORT_MS), 2); // 40 as well: by name
});

test("after 10 000 random frames the chips are what a recount finds", () => {
  let seed = 42;
  const random = (below) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return (seed >> 8) % below;
  };
  const store = new Store();
  const names = new Names();
  const vehicle = (id, more) => ({ id, name: `Van ${id}`, fleet: ["north", "south"][id % 2], ...more });
  let now = T0;
  const frame = () => {
    const id = 1 + random(60);
    now += random(4000);
    switch (random(10)) {
      case 0:
        return { type: "vehicle", ...vehicle(id, { alerts: 0, name: `Van ${random(99)}` }) };
      case 1:
        return random(4)
          ? { type: "presence", id, online: random(2) === 1 }
          : { type: "vehicle", id, removed: true };
      case 2: {
        const status = ["open", "acknowledged", "closed"][random(3)];
        return { type: "alert", id: random(99), vehicle: id, status, received: new Date(now).toISOString() };
      }
      case 3: {
        if (random(50)) return { type: "message", vehicle: id };
        const vehicles = Array.from({ length: 40 }, (_, i) => vehicle(i + 1, { alerts: random(8) ? 0 : 1 }));
        return { type: "snapshot", server_time: new Date(now).toISOString(), vehicles };
      }
      default: {
        const time = now - random(20) * 60_000;
        const ignition = [true, false, null][random(3)];
        return {
          type: "positions",
          items: [
            [
              id,
              time,
              57 + random(100) / 100,
              12,
              random(3) ? random(25) : null,
              0,
              null,
              null,
              ignition,
              4,
              now,
            ],
          ],
        };
      }
    }
  }; // prettier-ignore
  for (let step = 0; step < 10_000; step++) {
    store.apply(frame());
    if (step % 97) continue;
    names.refresh(store);
    const { counts, fleets, slots, states } = arrange(store, names, everything(), now);
    assert.equal(slots.length, store.size);
    for (const state of STATES)
      assert.equal(counts[state], slots.filter((slot) => store.state(slot, now) === state).length);
    assert.equal(counts.all, store.size);
    const anew = new Names();
    anew.refresh(store);
    assert.deepEqual(names.order, anew.order);
    for (const slug of ["north", "south"])
      assert.equal(fleets[slug] ?? 0, slots.filter((slot) => store.vehicle(slot).fleet === slug).length);
    for (const slot of slots) assert.equal(STATES[states[slot]], store.state(slot, now));
  }
  assert.ok(store.size > 20);
});

test("names follow a renamed vehicle", () => {
  const store = fleet();
  const names = new Names();
  names.refresh(store);
  store.apply({ type: "vehicle", id: 1, name: "A first", fleet: "north" });
  names.refresh(store);
  assert.equal(store.vehicle(names.order[0]).name, "A first");
  assert.ok(names.matches(names.order[0], ["first"]));
});

test("only the rows in view and some spare are in the document", () => {
  const view = { height: 480, row: 48, total: 10_000, spare: 6 };
  assert.deepEqual(rows({ ...view, top: 0 }), { first: 0, end: 16 });
  assert.deepEqual(rows({ ...view, top: 4800 }), { first: 94, end: 116 });
  assert.deepEqual(rows({ ...view, top: 480_000 - 480 }), { first: 9984, end: 10_000 });
  assert.deepEqual(rows({ ...view, top: 0, total: 3 }), { first: 0, end: 3 });
  assert.deepEqual(rows({ ...view, top: 0, total: 0 }), { first: 0, end: 0 });
  assert.deepEqual(rows({ ...view, top: 9999, total: 2 }), { first: 2, end: 2 }); // the list shrank under the scroll
});

test("every row that a pixel shows is there, at every scroll", () => {
  for (let top = 0; top < 3000; top += 7) {
    const { first, end } = rows({ top, height: 300, row: 48, total: 70 });
    assert.ok(first * 48 <= top);
    assert.ok(end * 48 >= Math.min(top + 300, 70 * 48));
  }
});

test("revealing scrolls as little as it can", () => {
  const view = { top: 480, height: 480, row: 48 };
  assert.equal(reveal({ ...view, index: 15 }), 480);
  assert.equal(reveal({ ...view, index: 2 }), 96);
  assert.equal(reveal({ ...view, index: 20 }), 528);
});
