import assert from "node:assert/strict";
import { test } from "node:test";
import { packTracks } from "../../static/js/packing.js";
import { PastTracks } from "../../static/js/past-tracks.js";
import { Stage } from "../../static/js/stage.js";
import { Store } from "../../static/js/store.js";

const T = 1_763_884_800_000;
const vehicle = (id, more = {}) => ({ id, name: `Van ${id}`, fleet: "north", ...more });
const item = (id, time, lat, lon, speed = 10) => [id, time, lat, lon, speed, 90, 80, null, null, null, time];

/** A live store of vehicles 7 and 9, and its past at T, where only 7 had been heard. */
function house() {
  const live = new Store(4);
  const vehicles = [vehicle(7, { position: item(7, T + 9e6, 1, 1), alerts: 1 }), vehicle(9)];
  live.apply({ type: "snapshot", server_time: new Date(T + 9e6).toISOString(), vehicles });
  const past = live.likeness();
  past.picture({ items: [item(7, T - 5000, 57, 12)], intervals: { 7: 5 }, alerts: { 9: 2 }, online: [7] });
  return { live, past };
}
const fixes = (times, more = {}) => ({
  time: times,
  lat: times.map((time) => 57 + (time - T) / 1e6),
  lon: times.map(() => 12),
  speed: times.map(() => 15),
  heading: times.map(() => 0),
  ...more,
});

test("a past has the same slots and nothing of today", () => {
  const { live, past } = house();
  for (const id of [7, 9]) assert.equal(past.slot(id), live.slot(id));
  const [a, b] = [past.slot(7), past.slot(9)];
  assert.deepEqual([past.time[a], past.lat[a], past.alerts(a), past.online[a]], [T - 5000, 57, 0, 1]);
  assert.equal(past.state(a, T), "moving");
  assert.deepEqual([past.time[b], past.alerts(b), past.state(b, T)], [Number.NaN, 2, "alarm"]);
  assert.equal(live.lat[live.slot(7)], 1);
  assert.equal(live.state(live.slot(7), T + 9e6), "alarm");
});

test("the next picture forgets the one before, whichever is the older", () => {
  const { past } = house();
  past.picture({ items: [item(7, T - 60_000, 56, 11, 0)] });
  const slot = past.slot(7);
  assert.deepEqual([past.time[slot], past.lat[slot], past.alerts(past.slot(9))], [T - 60_000, 56, 0]);
  assert.equal(past.state(slot, T), "stopped");
});

test("who comes, goes or is renamed does so in both, and keeps no position of today", () => {
  const { live, past } = house();
  const stage = new Stage(live);
  stage.show(past);
  for (const frame of [
    { type: "vehicle", ...vehicle(11, { name: "New", position: item(11, T + 9e6, 5, 5), alerts: 3 }) },
    { type: "vehicle", id: 9, removed: true },
    { type: "vehicle", ...vehicle(13) },
    { type: "vehicle", ...vehicle(7, { name: "Renamed" }) },
  ]) {
    live.apply(frame);
    stage.keepUp(frame);
  }
  for (const id of [7, 11, 13]) assert.equal(past.slot(id), live.slot(id));
  assert.equal(stage.slot(9), -1);
  assert.equal(stage.vehicle(stage.slot(7))?.name, "Renamed");
  assert.deepEqual([stage.time[stage.slot(11)], stage.alerts(stage.slot(11))], [Number.NaN, 0]);
  assert.equal(stage.lat[stage.slot(7)], 57);
  stage.show(null);
  assert.equal(stage.lat[stage.slot(11)], 5);
  assert.equal(stage.size, 3);
});

test("a reconnect while the past is shown changes the live picture only", () => {
  const { live, past } = house();
  const stage = new Stage(live);
  stage.show(past);
  const snapshot = { type: "snapshot", vehicles: [vehicle(7, { position: item(7, T + 9.1e6, 2, 2) })] };
  live.apply(snapshot);
  stage.keepUp(snapshot);
  assert.equal(stage.lat[stage.slot(7)], 57);
  assert.equal(stage.slot(9), -1);
  stage.show(null);
  assert.equal(stage.lat[stage.slot(7)], 2);
});

test("each fix comes at its time, and between two the way", () => {
  const { past } = house();
  const slot = past.slot(7);
  const tracks = new PastTracks(past, T);
  tracks.add({ from: T, to: T + 60_000, tracks: packTracks({ 7: fixes([T, T + 5000, T + 10_000]) }) });
  assert.deepEqual(tracks.advance(T), { moved: [slot], fixed: [slot] });
  assert.equal(past.time[slot], T);
  assert.deepEqual(tracks.advance(T + 2500), { moved: [slot], fixed: [] });
  assert.ok(Math.abs(past.lat[slot] - 57.0025) < 1e-9);
  assert.equal(past.time[slot], T); // the age is of the fix, not of the guess
  tracks.advance(T + 60_000);
  assert.deepEqual([past.time[slot], past.lat[slot], past.battery[slot]], [T + 10_000, 57.01, 80]);
});

test("over a silence it stays where it was, until it is heard again", () => {
  const { past } = house();
  const slot = past.slot(7);
  const tracks = new PastTracks(past, T);
  tracks.add({ from: T, to: T + 900_000, tracks: packTracks({ 7: fixes([T, T + 600_000]) }) });
  tracks.advance(T + 300_000);
  assert.equal(past.lat[slot], 57);
  tracks.advance(T + 600_000);
  assert.equal(past.lat[slot], 57.6);
});

test("the next chunk goes on where the last one ended, and what both have counts once", () => {
  const { past } = house();
  const slot = past.slot(7);
  const tracks = new PastTracks(past, T);
  tracks.add({ from: T, to: T + 5000, tracks: packTracks({ 7: fixes([T, T + 5000]) }) });
  tracks.advance(T + 4000);
  tracks.add({
    from: T + 5000,
    to: T + 20_000,
    tracks: packTracks({ 7: fixes([T + 5000, T + 10_000]), 404: fixes([T]) }),
  });
  assert.equal(tracks.until, T + 20_000);
  tracks.advance(T + 7500);
  assert.ok(Math.abs(past.lat[slot] - 57.0075) < 1e-9);
});

test("who is heard for the first time appears", () => {
  const { past } = house();
  const slot = past.slot(9);
  const tracks = new PastTracks(past, T);
  tracks.add({ from: T, to: T + 20_000, tracks: packTracks({ 9: fixes([T + 5000]) }) });
  assert.deepEqual(tracks.advance(T + 1000).moved, []);
  assert.equal(past.time[slot], Number.NaN);
  assert.deepEqual(tracks.advance(T + 6000).fixed, [slot]);
  assert.equal(past.lat[slot], 57.005);
});

test("over the 180th meridian it goes the short way", () => {
  const { past } = house();
  past.picture({ items: [item(7, T, 0, 179.9)], intervals: { 7: 10 } });
  const tracks = new PastTracks(past, T);
  tracks.add({
    from: T,
    to: T + 20_000,
    tracks: packTracks({ 7: fixes([T + 10_000], { lat: [0], lon: [-179.9] }) }),
  });
  tracks.advance(T + 7500);
  assert.ok(Math.abs(past.lon[past.slot(7)] + 179.95) < 1e-9);
});

test("ten thousand vehicles, an hour's chunk at x 600: each step costs little", () => {
  const live = new Store(16_384);
  live.apply({ type: "snapshot", vehicles: Array.from({ length: 10_000 }, (_, id) => vehicle(id + 1)) });
  const past = live.likeness();
  past.picture({ items: Array.from({ length: 10_000 }, (_, id) => item(id + 1, T, 57, 12)) });
  const tracks = new PastTracks(past, T);
  const times = Array.from({ length: 40 }, (_, i) => T + 5000 * (i + 1));
  const all = Object.fromEntries(Array.from({ length: 10_000 }, (_, id) => [id + 1, fixes(times)]));
  tracks.add({ from: T, to: T + 200_000, tracks: packTracks(all) });
  const begin = performance.now();
  tracks.advance(T + 60_000);
  assert.ok(performance.now() - begin < 1000);
  assert.equal(past.time[past.slot(10_000)], T + 60_000);
});
