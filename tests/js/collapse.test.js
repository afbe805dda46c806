import assert from "node:assert/strict";
import { test } from "node:test";
import { Collapse, GROUP_REACH, REACH } from "#fl/collapse";
import { Glide } from "#fl/glide";
import { MOST_LABELS, Scene } from "#fl/scene";
import { Store } from "#fl/store";
import { Viewport } from "#fl/viewport";

/** @param {[number, number][]} points @param {number[]} [alone] */
function collapsed(points, alone = []) {
  const collapse = new Collapse();
  const flags = new Uint8Array(points.length);
  for (const index of alone) flags[index] = 1;
  collapse.run(
    points.length,
    Float64Array.from(points, ([x]) => x),
    Float64Array.from(points, ([, y]) => y),
    flags,
  );
  return {
    leader: [...collapse.leader.slice(0, points.length)],
    count: [...collapse.count.slice(0, points.length)],
  };
}

test("icons nearer than half their size are one with a count, led by the topmost", () => {
  const { leader, count } = collapsed([
    [100, 100],
    [100 + REACH - 1, 100],
    [140, 100],
  ]); // prettier-ignore
  assert.deepEqual(leader, [0, 0, 2]);
  assert.deepEqual(count, [2, 0, 1]);
});

test("a cell's border separates nobody, and neither does the sign of a coordinate", () => {
  for (const [x, y] of [
    [0, 0],
    [REACH, REACH],
    [-REACH, 5],
  ]) {
    // prettier-ignore
    assert.deepEqual(
      collapsed([
        [x - 1, y - 1],
        [x + 1, y + 1],
      ]).count,
      [2, 0],
    ); // prettier-ignore
  }
});

test("a count is larger than an icon: it takes in what it would cover", () => {
  const beside = [100 + GROUP_REACH - 2, 100];
  assert.deepEqual(collapsed([[100, 100], beside]).count, [1, 1]);
  const { leader, count } = collapsed([[100, 100], [101, 100], beside]); // prettier-ignore
  assert.deepEqual(leader, [0, 0, 0]);
  assert.deepEqual(count, [3, 0, 0]);
});

test("what stands alone neither hides anything nor is hidden", () => {
  const { count } = collapsed(
    [
      [100, 100],
      [100, 100],
      [100, 100],
    ],
    [1],
  ); // prettier-ignore
  assert.deepEqual(count, [2, 1, 0]);
});

test("250 vans on one yard are one count that knows all of them", () => {
  const yard = Array.from({ length: 250 }, (_, i) => [300 + (i % 3), 300 + (i % 2)]);
  const { leader, count } = collapsed(yard);
  assert.equal(count[0], 250);
  assert.ok(leader.every((index) => index === 0));
});

test("any cloud: nobody is lost, nobody leads and is hidden, and no two that are left overlap by half", () => {
  let seed = 1;
  const random = () => {
    seed = (seed * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return seed / 2 ** 32;
  };
  const points = Array.from({ length: 3000 }, () => [random() * 800 - 100, random() * 600 - 100]);
  const { leader, count } = collapsed(points);
  assert.equal(
    count.reduce((a, b) => a + b),
    3000,
  );
  leader.forEach((of, index) => {
    assert.equal(leader[of], of);
    assert.equal(count[index] > 0, of === index);
  });
  const left = points.filter((_, index) => count[index] > 0);
  for (const [i, [x, y]] of left.entries())
    for (const [ox, oy] of left.slice(i + 1)) assert.ok(Math.hypot(x - ox, y - oy) >= REACH);
});

test("10 000 vehicles take a few milliseconds", () => {
  const points = Array.from({ length: 10_000 }, (_, i) => [(i * 37) % 1400, (i * 91) % 860]);
  collapsed(points);
  const start = performance.now();
  for (let n = 0; n < 5; n++) collapsed(points);
  assert.ok((performance.now() - start) / 5 < 100); // 4 ms on an idle machine
});

const NOW = Date.parse("2026-11-23T08:00:00Z");

/** A scene of vehicles at places (longitude, latitude), all moving but those with alerts. */
function staged(places, { alerts = [] } = {}) {
  const store = new Store();
  const vehicles = places.map(([lon, lat], index) => ({
    id: index + 1,
    name: `Van ${index}`,
    fleet: "north",
    tags: [],
    online: true,
    interval: 10,
    alerts: alerts.includes(index) ? 1 : 0,
    position: [index + 1, NOW, lat, lon, 15, 90, 80, null, true, 5, NOW],
  }));
  store.apply({ type: "snapshot", n: 0, server_time: new Date(NOW).toISOString(), vehicles });
  const slots = [...store.slots()];
  const glide = new Glide();
  const { lon, lat, heading } = store;
  glide.move(slots, { lon, lat, heading, lasts: new Float64Array(lon.length) }, 0, 512);
  const scene = new Scene(store);
  const states = store.states(NOW);
  const view = new Viewport({ lon: 12, lat: 57.7, zoom: 12, width: 1000, height: 700 });
  const show = (focus = {}, { dimmed = [], now = NOW } = {}) => {
    const shown = slots.filter((slot) => !dimmed.includes(slot));
    scene.arrange({ slots: shown, dimmed, states }, { selected: -1, hovered: -1, ...focus }, now);
    scene.collapse(view, glide);
    scene.arrange({ slots: shown, dimmed, states }, { selected: -1, hovered: -1, ...focus }, now);
    return [...scene.order.slice(0, scene.length)];
  };
  return { scene, store, slots, show };
}

const SPOT = [12, 57.7];

test("an alarm and the selected one never collapse, and are drawn on top", () => {
  const { scene, show } = staged([SPOT, SPOT, SPOT, SPOT], { alerts: [1] });
  const order = show({ selected: 2 });
  assert.deepEqual([scene.many[1], scene.many[2]], [1, 1]);
  assert.deepEqual(order.slice(-2), [2, 1]);
  assert.equal(scene.many[0] + scene.many[3], 2);
  assert.ok(scene.alarms);
});

test("under a count are those of the list, without alarms and the selected one", () => {
  const { scene, slots, show } = staged([SPOT, SPOT, SPOT, SPOT, [12.1, 57.7]], { alerts: [1] });
  show({ selected: 2 });
  const leader = scene.many[0] === 2 ? 0 : 3;
  assert.deepEqual(scene.group(leader, slots), [0, 3]);
});

test("a hovered one that lies under a count is shown while it is hovered", () => {
  const { scene, show } = staged([SPOT, SPOT]);
  show();
  const hidden = scene.many[0] ? 1 : 0;
  show({ hovered: hidden });
  assert.equal(scene.many[hidden], 1);
  show();
  assert.equal(scene.many[hidden], 0);
});

test("what the filter leaves out is dim, below everything, and hides nobody", () => {
  const { scene, show } = staged([SPOT, SPOT]);
  assert.deepEqual(show({}, { dimmed: [1] }), [1, 0]);
  assert.equal(scene.many[0], 1);
  assert.equal(scene.flags[1] & 8, 8);
  assert.ok(!scene.named(true).has(1));
});

test("names: all while few are in view, else those that stand out", () => {
  const grid = Array.from({ length: MOST_LABELS + 20 }, (_, i) => [
    11.95 + (i % 20) * 0.005,
    57.68 + Math.floor(i / 20) * 0.0025,
  ]);
  const few = staged(grid.slice(0, 100));
  few.show({ hovered: 3 });
  assert.equal(few.scene.named(true).size, 100);
  assert.deepEqual([...few.scene.named(false)], [3]);
  const many = staged(grid, { alerts: [7] });
  many.show({ selected: 5, hovered: 3 });
  assert.deepEqual(
    [...many.scene.named(true)].sort((a, b) => a - b),
    [3, 5, 7],
  );
});

test("the accuracy of the selected one is a circle in metres on the ground", () => {
  const { scene, show } = staged([SPOT, [12.1, 57.7]]);
  show({ selected: 0 });
  const metre = 1 / (40_075_016.7 * Math.cos((57.7 * Math.PI) / 180));
  assert.equal(scene.accuracy?.slot, 0);
  assert.ok(Math.abs((scene.accuracy?.radius ?? 0) / (5 * metre) - 1) < 1e-9);
  show();
  assert.equal(scene.accuracy, null);
});

test("a vehicle without a position is not on the map", () => {
  const { store, scene, slots } = staged([SPOT]);
  store.apply({ type: "vehicle", id: 9, name: "New", fleet: "north", tags: [], position: null });
  const all = [...store.slots()];
  const states = store.states(NOW);
  scene.arrange({ slots: all, dimmed: [], states }, { selected: -1, hovered: -1 }, NOW);
  assert.deepEqual([...scene.order.slice(0, scene.length)], slots);
});
