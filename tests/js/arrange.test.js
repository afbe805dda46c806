import assert from "node:assert/strict";
import { test } from "node:test";
import { arrange, Names, reveal, rows } from "../../static/js/arrange.js";
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
      plate: `P-${id}`,
      online: true,
      interval: null,
      position: speed === null ? null : [id, T0, 57.7, 12, speed, 0, null, null, false, 4, T0],
    })),
  }); // prettier-ignore
  return store;
}

const nothing = () => ({ query: "", states: new Set(), fleets: new Set() });

function shown(filter = {}) {
  const store = fleet();
  const names = new Names();
  names.refresh(store);
  const result = arrange(store, names, { ...nothing(), ...filter }, T0);
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

test("search looks at name, driver, plate and device, every word, without accents", () => {
  assert.deepEqual(shown({ query: "oberg" }).names, ["Van 10"]);
  assert.deepEqual(shown({ query: "JAN van" }).names, ["Van 2", "Van 9"]);
  assert.deepEqual(shown({ query: "p-3" }).names, ["Truck 1"]);
  assert.deepEqual(shown({ query: "u4" }).names, ["Van 2"]);
  assert.deepEqual(shown({ query: "  " }).names.length, 4);
  assert.deepEqual(shown({ query: "nobody" }).names, []);
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
