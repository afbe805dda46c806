import assert from "node:assert/strict";
import { test } from "node:test";

import { Area, polygon, rectangle } from "#fl/area";

const at = ({ lng, lat }) => ({ drawn: { lng, lat }, place: [lng, lat] });
const corner = (lng, lat) => at({ lng, lat });

test("two opposite corners are a rectangle, from whichever side it was drawn", () => {
  for (const [a, b] of [
    [corner(11, 57), corner(12, 58)],
    [corner(12, 58), corner(11, 57)],
  ]) {
    const ring = rectangle(a, b, at).map(({ place }) => place.join());
    assert.deepEqual(new Set(ring), new Set(["11,57", "12,57", "12,58", "11,58"]));
  }
});

test("a ring is closed, and fewer than three corners are no area", () => {
  assert.equal(
    polygon([
      [1, 2],
      [3, 4],
    ]),
    null,
  ); // prettier-ignore
  assert.deepEqual(
    polygon([
      [1, 2],
      [3, 4],
      [5, 0],
    ]),
    {
      type: "Polygon",
      coordinates: [
        [
          [1, 2],
          [3, 4],
          [5, 0],
          [1, 2],
        ],
      ],
    },
  ); // prettier-ignore
});

/** A map of one degree a pixel, and an SVG that keeps nothing: what is drawn, a browser test sees. */
function drawing() {
  const handlers = {};
  const nothing = () => {};
  const part = () => ({ setAttribute: nothing, children: [], append: nothing, lastElementChild: null });
  const dots = { children: [] };
  dots.append = () => dots.children.push(part());
  Object.defineProperty(dots, "lastElementChild", { get: () => ({ remove: () => dots.children.pop() }) });
  const switched = { disable: nothing, enable: nothing };
  const map = {
    on: (name, handler) => (handlers[name] = handler),
    unproject: ([x, y]) => ({ lng: x, lat: y }),
    project: ({ lng, lat }) => ({ x: lng, y: lat }),
    getCanvas: () => ({ style: {} }),
    getContainer: () => ({ clientWidth: 90, clientHeight: 50 }),
    dragPan: switched,
    doubleClickZoom: switched,
  };
  const said = [];
  globalThis.document ??= { createElementNS: part };
  const area = new Area(
    map,
    { children: [part(), part(), dots] },
    ({ x, y }) => [x, y],
    (drawn, mode) => said.push([drawn?.coordinates[0].slice(0, -1) ?? null, mode]),
  );
  const click = (x, y) => handlers.click({ point: { x, y } });
  return { area, handlers, click, last: () => said.at(-1) };
}

test("a polygon is its corners; back takes one, the first corner closes it", () => {
  const { area, click, last } = drawing();
  area.begin("polygon");
  for (const [x, y] of [
    [10, 10],
    [60, 10],
    [60, 60],
    [99, 99],
  ])
    click(x, y); // prettier-ignore
  assert.deepEqual(last(), [null, "polygon"]);
  area.back();
  click(12, 11);
  assert.deepEqual(last(), [
    [
      [10, 10],
      [60, 10],
      [60, 60],
    ],
    "",
  ]); // prettier-ignore
  area.clear();
  assert.deepEqual(last(), [null, ""]);
});

test("the second click of a double one is no corner, and two corners close nothing", () => {
  const { area, click, handlers, last } = drawing();
  area.begin("polygon");
  for (const [x, y] of [
    [10, 10],
    [60, 10],
    [60, 11],
  ])
    click(x, y); // prettier-ignore
  handlers.dblclick();
  assert.deepEqual(last(), [null, "polygon"]);
});

test("a rectangle is dragged; a click alone is none", () => {
  const { area, handlers, last } = drawing();
  area.begin("rectangle");
  const press = (x, y) => handlers.mousedown({ point: { x, y }, preventDefault() {} });
  press(5, 5);
  handlers.mouseup();
  assert.deepEqual(last(), [null, "rectangle"]);
  press(5, 5);
  handlers.mousemove({ point: { x: 30, y: 20 } });
  handlers.mouseup();
  assert.deepEqual(last(), [
    [
      [5, 5],
      [30, 5],
      [30, 20],
      [5, 20],
    ],
    "",
  ]); // prettier-ignore
});

test("without a mouse it is what the map shows", () => {
  const { area, last } = drawing();
  area.view();
  assert.deepEqual(last(), [
    [
      [0, 0],
      [90, 0],
      [90, 50],
      [0, 50],
    ],
    "",
  ]); // prettier-ignore
});
