import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { together } from "#fl/camera";
import { coordinates } from "#fl/format";
import { duration, Glide, mercator } from "#fl/glide";
import { kind } from "#fl/glyphs";
import { composed, rasterSource } from "#fl/styles";
import { fixes, TRAIL_MS, Trails } from "#fl/trails";
import { rebased } from "#fl/vehicle-layer";
import { Viewport } from "#fl/viewport";

const f = Math.fround;

/** What MapLibre's matrix and the graphics card do, one in 64 bits and one in 32: pixels from the middle. */
function drawn({ lon, lat, zoom, x, y, origin }) {
  const world = 512 * 2 ** zoom;
  const [cx, cy] = mercator(lon, lat);
  const scale = (2 * world) / 1000;
  const matrix = [scale, 0, 0, 0, 0, -scale, 0, 0, 0, 0, 1, 0, -cx * scale, cy * scale, 0, 1];
  const m = rebased(matrix, origin);
  const [dx, dy] = [x - origin[0], y - origin[1]];
  const got = [f(f(f(m[0]) * f(dx)) + f(m[12])) * 500, f(f(f(m[5]) * f(dy)) + f(m[13])) * 500];
  return Math.hypot(got[0] - (x - cx) * world, got[1] - (cy - y) * world);
}

/** One slot of a glide goes to a place. */
function move(glide, slot, { lon, lat, heading, lasts, now, world }) {
  const at = (value) => new Float64Array(slot + 1).fill(value);
  glide.move([slot], { lon: at(lon), lat: at(lat), heading: at(heading), lasts: at(lasts) }, now, world);
}

test("positions are exact to a tenth of a pixel at zoom 20, anywhere, as far as the origin may be", () => {
  for (const [lon, lat] of [
    [11.97, 57.7],
    [-179.9999, 0.001],
    [179.9999, -33],
    [15.6, 84.9],
    [0, 0],
  ]) {
    // prettier-ignore
    const [cx, cy] = mercator(lon, lat);
    for (const screens of [0, 1, 7.9])
      for (const pixels of [1, 333, 999]) {
        const world = 512 * 2 ** 20;
        const away = screens / 2 ** 20;
        const origin = /** @type {[number, number]} */ ([cx + away * 0.7, cy - away * 0.7]);
        const spot = { x: cx + pixels / world, y: cy + pixels / 2 / world };
        assert.ok(drawn({ lon, lat, zoom: 20, ...spot, origin }) < 0.1, `${lon},${lat} ${screens} ${pixels}`);
      }
  }
});

test("a viewport projects as the map does, to the nearest copy of the Earth, and back", () => {
  const view = new Viewport({ lon: 179.95, lat: -17, zoom: 9, width: 1000, height: 700 });
  const [x, y] = mercator(-179.95, -17);
  assert.ok(Math.abs(view.left(x) - (500 + (0.1 / 360) * 512 * 2 ** 9)) < 1e-6);
  assert.ok(Math.abs(view.top(y) - 350) < 1e-6);
  const [lon, lat] = view.place({ x: view.left(x), y: 350 });
  assert.ok(Math.abs(lon - 180.05) < 1e-9 && Math.abs(lat + 17) < 1e-9);
});

test("over the 180th meridian a marker glides the short way", () => {
  const glide = new Glide();
  const to = { lat: -17, heading: 90, lasts: 1000, world: 512 * 2 ** 9 };
  move(glide, 0, { ...to, lon: 179.99, now: 0 });
  move(glide, 0, { ...to, lon: -179.99, now: 1000 });
  assert.ok(Math.abs(glide.fromX[0] - glide.toX[0]) < 0.001);
  const [x] = glide.at(0, 1500);
  assert.ok(Math.abs(x) < 1e-9, String(x)); // half way: the meridian itself
});

test("a fleet on both sides of the 180th meridian is fitted as one", () => {
  assert.deepEqual(
    together([
      [179, -17],
      [-179, -18],
    ]),
    [
      [179, -17],
      [181, -18],
    ],
  ); // prettier-ignore
  assert.deepEqual(
    together([
      [11, 57],
      [13, 58],
    ]),
    [
      [11, 57],
      [13, 58],
    ],
  ); // prettier-ignore
  assert.deepEqual(together([[12, 57]]), [[12, 57]]); // prettier-ignore
  assert.deepEqual(together([]), []);
});

test("beyond the Mercator square a vehicle stands at its edge", () => {
  const [, y] = mercator(0, 90);
  assert.ok(Math.abs(y) < 1e-6);
  assert.ok(Number.isFinite(mercator(0, -90)[1]));
});

test("each of many moves by itself", () => {
  const [one, many] = [new Glide(), new Glide()];
  const at = (lon, lat, heading, lasts) => ({
    lon: Float64Array.of(...lon),
    lat: Float64Array.of(...lat),
    heading: Float64Array.of(...heading),
    lasts: Float64Array.of(...lasts),
  });
  const steps = [
    at([11.97, 12], [57.7, 57.8], [350, Number.NaN], [0, 0]),
    at([11.98, 12.1], [57.71, 57.8], [10, 90], [1000, 0]),
  ];
  steps.forEach((to, n) => {
    many.move([0, 1], to, n * 1000, 512 * 2 ** 14);
    for (const slot of [0, 1]) one.move([slot], to, n * 1000, 512 * 2 ** 14);
  });
  for (const name of ["fromX", "fromY", "toX", "toY", "begin", "lasts", "fromHeading", "turn"])
    assert.deepEqual([...one[name].slice(0, 2)], [...many[name].slice(0, 2)], name);
});

test("gaps of more than three intervals are not glided over, at any interval", () => {
  for (const interval of [1, 5, 60]) {
    assert.ok(duration(3000 * interval, interval) > 0);
    assert.equal(duration(3000 * interval + 1, interval), 0);
  }
});

test("trails: the last minutes, cut at holes, ending at the marker", () => {
  const trails = new Trails();
  const store = { size: 1, time: [0], lon: [0], lat: [0] };
  const go = (minutes, lon) => {
    [store.time[0], store.lon[0]] = [minutes * 60_000, lon];
    trails.add(store, [0]);
  };
  for (const [minutes, lon] of [
    [0, 1],
    [1, 2],
    [2, 3],
    [9, 4],
    [10, 5],
    [11, 6],
  ])
    go(minutes, lon); // prettier-ignore
  assert.deepEqual(trails.lines(0, [9, 9], 3 * 60_000), [
    [
      [2, 0],
      [3, 0],
    ],
    [
      [4, 0],
      [5, 0],
      [9, 9],
    ],
  ]); // prettier-ignore
  assert.equal(TRAIL_MS, 600_000);
});

test("what the archive knows fills the hole of a lost connection, twice the same as once", () => {
  const trails = new Trails();
  const store = { size: 1, time: [0], lon: [1], lat: [0] };
  trails.add(store, [0]);
  [store.time[0], store.lon[0]] = [400_000, 5];
  trails.add(store, [0]);
  assert.deepEqual(trails.lines(0, [9, 9], 60_000), []);
  const known = [100, 200, 300].map((s) => ({ time: s * 1000, lon: 1 + s / 100, lat: 0 }));
  for (let n = 0; n < 2; n++) trails.merge(0, known);
  assert.deepEqual(trails.lines(0, [9, 9], 120_000), [
    [
      [1, 0],
      [2, 0],
      [3, 0],
      [4, 0],
      [9, 9],
    ],
  ]); // prettier-ignore
});

test("fixes are read from a track's GeoJSON, in one part or several", () => {
  const times = ["2026-11-23T08:00:00Z", "2026-11-23T08:00:10Z"];
  const line = [
    [11.9, 57.7],
    [12, 57.8],
  ]; // prettier-ignore
  const feature = (type, coordinates, coordTimes) => ({
    features: [{ geometry: { type, coordinates }, properties: { coordTimes } }],
  });
  const once = fixes(feature("LineString", line, times));
  assert.deepEqual(once[1], { time: Date.parse(times[1]), lon: 12, lat: 57.8 });
  assert.deepEqual(fixes(feature("MultiLineString", [line], [times])), once);
  assert.deepEqual(fixes({ features: [] }), []);
});

test("icon and colour are one number; what the server does not say is the arrow without one", () => {
  assert.equal(kind({}), 0);
  assert.equal(kind({ icon: "car", colour: "blue" }), 1 + 16);
  assert.equal(kind({ icon: "boat", colour: "grey" }), 7 + 6 * 16);
  assert.equal(kind({ icon: "rocket", colour: "ultraviolet" }), 0);
});

test("picture tiles lie over the built-in map, whose names are left out, and under the trails", async () => {
  const base = {
    sources: { land: {}, trail: {} },
    over: { trail: {} },
    layers: [
      { id: "land", type: "fill" },
      { id: "cities", type: "symbol" },
      { id: "trail", type: "line" },
    ],
  };
  const offer = {
    name: "aerial",
    kind: "raster",
    tiles: ["https://a.example/{z}/{x}/{y}.png"],
    hosts: [],
    on: true,
  };
  const style = await composed(offer, base, false);
  assert.deepEqual(
    style.layers.map(({ id }) => id),
    ["land", "aerial", "trail"],
  );
  assert.deepEqual(style.sources.aerial, rasterSource(offer));
  assert.equal(
    rasterSource({ ...offer, tiles: undefined, pmtiles: "/x.pmtiles" }).url,
    "pmtiles:///x.pmtiles",
  );
});

test("a style.json is taken with absolute addresses, under our lines; one that is none is refused", async () => {
  const answers = {
    "/styles/a.json": {
      version: 8,
      sources: { osm: { type: "vector", tiles: ["../tiles/{z}/{x}/{y}.pbf"] }, tj: { url: "/tj.json" } },
      glyphs: "/fonts/{fontstack}/{range}.pbf",
      layers: [{ id: "water" }],
    },
    "/styles/no.json": { hello: 1 },
  };
  const server = createServer((request, response) => {
    const found = answers[request.url];
    response.writeHead(found ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(found ?? {}));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const at = `http://127.0.0.1:${server.address().port}`;
  const base = { sources: {}, over: { trail: {} }, layers: [{ id: "land" }, { id: "trail" }] };
  const offer = (file) => ({ name: "a", kind: "style", style: `${at}/styles/${file}`, hosts: [], on: true });
  try {
    const style = await composed(offer("a.json"), base, false);
    assert.deepEqual(style.sources.osm.tiles, [`${at}/tiles/{z}/{x}/{y}.pbf`]);
    assert.equal(style.sources.tj.url, `${at}/tj.json`);
    assert.equal(style.glyphs, `${at}/fonts/{fontstack}/{range}.pbf`);
    assert.deepEqual(
      style.layers.map(({ id }) => id),
      ["water", "trail"],
    );
    await assert.rejects(composed(offer("no.json"), base, false), /not a map style/);
    await assert.rejects(composed(offer("gone.json"), base, false), /404/);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

test("coordinates are degrees with a metre's digits, latitude first", () => {
  assert.match(coordinates(57.708871, 11.974561), /57\.70887.*11\.97456/);
});
