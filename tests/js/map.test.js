import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { duration, GLIDE_MS, Glide, mercator, unmercator } from "../../static/js/glide.js";
import { place } from "../../static/js/labels.js";
import { rebased } from "../../static/js/vehicle-layer.js";
import { box, first, WIDE_DEG } from "../../static/js/view.js";

const STREET = 512 * 2 ** 16;

/** One slot of a glide goes to a place. */
function move(glide, slot, { lon, lat, heading, lasts, now, world }) {
  const at = (value) => new Float64Array(slot + 1).fill(value);
  glide.move([slot], { lon: at(lon), lat: at(lat), heading: at(heading), lasts: at(lasts) }, now, world);
}

test("mercator and back", () => {
  for (const [lon, lat] of [
    [0, 0],
    [11.97, 57.7],
    [-179.9, -80],
    [151.2, -33.9],
  ]) {
    const [x, y] = unmercator(...mercator(lon, lat));
    assert.ok(Math.abs(x - lon) < 1e-9 && Math.abs(y - lat) < 1e-9, `${lon},${lat}`);
  } // prettier-ignore
});

test("32 bits relative to an origin are exact to a tenth of a pixel at zoom 20", () => {
  // What MapLibre's matrix does, in one line: scale the world, move the view to the middle.
  const world = 512 * 2 ** 20;
  const origin = mercator(11.97, 57.7);
  const spot = mercator(11.9712345, 57.7004321);
  const scale = (2 * world) / 1000; // of a view 1000 pixels wide
  const [cx, cy] = mercator(11.9711, 57.7004);
  const matrix = [scale, 0, 0, 0, 0, -scale, 0, 0, 0, 0, 1, 0, -cx * scale, cy * scale, 0, 1];
  const pixels = (m, [x, y]) => {
    const f = Math.fround;
    return [f(f(f(m[0]) * f(x)) + f(m[12])) * 500, f(f(f(m[5]) * f(y)) + f(m[13])) * 500];
  };
  const exact = [(spot[0] - cx) * world, (cy - spot[1]) * world];
  const off = (got) => Math.hypot(got[0] - exact[0], got[1] - exact[1]);
  const relative = [spot[0] - origin[0], spot[1] - origin[1]];
  assert.ok(off(pixels(rebased(matrix, origin), relative)) < 0.1);
  assert.ok(off(pixels(matrix, spot)) > 5); // why all this
});

test("a marker reaches a fix within a second and never glides over a gap", () => {
  assert.equal(duration(10_000, 10), GLIDE_MS);
  assert.equal(duration(400, 10), 400);
  assert.equal(duration(30_000, 10), GLIDE_MS);
  assert.equal(duration(30_001, 10), 0);
  assert.equal(duration(Number.NaN, 10), 0);
});

test("a glide starts where the marker is, and ends at the fix, never past it", () => {
  const glide = new Glide();
  const to = { lat: 57.7, heading: 90, lasts: 1000, world: STREET };
  move(glide, 0, { ...to, lon: 11.97, now: 0 });
  assert.deepEqual(glide.at(0, 0), mercator(11.97, 57.7)); // the first fix does not glide
  move(glide, 0, { ...to, lon: 11.971, now: 1000 });
  const half = glide.at(0, 1500);
  move(glide, 0, { ...to, lon: 11.972, now: 1500 });
  assert.deepEqual(glide.at(0, 1500), half);
  assert.deepEqual(glide.at(0, 2500), mercator(11.972, 57.7));
  assert.deepEqual(glide.at(0, 99_999), mercator(11.972, 57.7));
});

test("it turns the short way and keeps its heading when a fix has none", () => {
  const glide = new Glide();
  const to = { lat: 57.7, lasts: 1000, world: STREET };
  move(glide, 0, { ...to, lon: 11.97, heading: 350, now: 0 });
  move(glide, 0, { ...to, lon: 11.971, heading: 10, now: 1000 });
  assert.equal(glide.fromHeading[0], 350);
  assert.equal(glide.turn[0], 20);
  move(glide, 0, { ...to, lon: 11.972, heading: Number.NaN, now: 5000 });
  assert.equal((glide.fromHeading[0] + glide.turn[0]) % 360, 10);
});

test("it turns the short way to the left too, and after many rounds", () => {
  const glide = new Glide();
  const step = (n, heading) =>
    move(glide, 0, { lon: 11.97 + n * 0.001, lat: 57.7, heading, now: n * 1000, lasts: 1000, world: STREET });
  step(0, 10);
  step(1, 350);
  assert.equal(glide.turn[0], -20);
  for (let n = 2; n < 60; n++) {
    step(n, (n * 100) % 360);
    assert.ok(Math.abs(glide.turn[0]) <= 180, `${n}: ${glide.turn[0]}`);
  }
});

test("what nobody can see is not glided", () => {
  const glide = new Glide();
  const to = { lat: 57.7, heading: 0, lasts: 1000, world: 512 * 2 ** 3 };
  move(glide, 0, { ...to, lon: 11.97, now: 0 });
  move(glide, 0, { ...to, lon: 11.971, now: 1000 });
  assert.equal(glide.lasts[0], 0);
  assert.equal(glide.end, 0);
});

test("a forgotten slot starts anew", () => {
  const glide = new Glide();
  const to = { heading: 0, lasts: 1000, world: STREET };
  move(glide, 3, { ...to, lon: 11.97, lat: 57.7, now: 0 });
  glide.forget(3);
  move(glide, 3, { ...to, lon: 2, lat: 48, now: 10 });
  assert.deepEqual(glide.at(3, 10), mercator(2, 48));
});

test("labels: important ones first, none over another, an icon or a count; alarms always", () => {
  const label = (text, x, rank, y = 100) => ({ text, x, y, rank, strong: rank === 0, width: 40 });
  const texts = (labels, counts) => place(labels, counts).map(({ text }) => text);
  assert.deepEqual(texts([label("c", 20, 3, 114.6), label("a", 0, 1), label("far", 90, 4)]), ["a", "far"]);
  assert.deepEqual(texts([label("a", 0, 0), label("b", 10, 0)]), ["a", "b"]);
  assert.deepEqual(texts([label("covers", 0, 1), label("b", 40, 1)]), ["b"]);
  assert.deepEqual(texts([label("covers", 0, 1), label("far", 0, 1, 200)], [[40, 105]]), ["far"]); // prettier-ignore
  assert.deepEqual(texts([label("alarm", 0, 0)], [[40, 105]]), ["alarm"]); // prettier-ignore
});

test("the first look is a town: a whole small fleet, or where most of a wide one is", () => {
  assert.equal(first([]), null);
  assert.deepEqual(first([[12, 57.7]]), [
    [12, 57.7],
    [12, 57.7],
  ]); // prettier-ignore
  const town = [
    [11.9, 57.65],
    [12.1, 57.75],
  ]; // prettier-ignore
  assert.deepEqual(first(town), town);
  const [sw, ne] = first([...town, [11.95, 57.7], [2.3, 48.8], [151, -33]]);
  assert.ok(sw[0] > 11 && ne[0] < 13 && sw[1] > 57 && ne[1] < 58);
  assert.ok(ne[0] - sw[0] < WIDE_DEG);
  assert.deepEqual(box([...town, [2.3, 48.8]]), [
    [2.3, 48.8],
    [12.1, 57.75],
  ]); // prettier-ignore
});

test("every module that another imports is in the import map, which names only files that are there", () => {
  const folder = new URL("../../static/js/", import.meta.url);
  const base = readFileSync(new URL("../../templates/base.html", import.meta.url), "utf8");
  const mapped = [...base.matchAll(/js\/([a-z-]+\.js)": "{% static 'js\/([a-z-]+\.js)' %}"/g)];
  assert.ok(mapped.length > 10);
  for (const [, plain, hashed] of mapped) {
    assert.equal(plain, hashed);
    assert.ok(existsSync(new URL(plain, folder)), plain);
  }
  const names = new Set(mapped.map(([, name]) => name));
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".js"))) {
    const source = readFileSync(new URL(file, folder), "utf8");
    for (const [, name] of source.matchAll(/from "\.\/([a-z-]+\.js)"/g))
      assert.ok(names.has(name), `${file} imports ${name}`);
  }
});
