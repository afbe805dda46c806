import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { FIELDS, isLarge, packPositions, packTracks, pass } from "../../static/js/packing.js";

const T = 1_763_884_800_000;
const items = [
  [1, T, 57.7, 11.9, 12.5, 90, 80, "sos", true, 4, T + 100],
  [7, T, 57.8, 11.8, null, null, null, null, null, null, T + 100],
  [9, T, 57.9, 11.7, 0, 0, 0, null, false, 0, T + 100],
];

test("what is no number is NaN, true is 1 and false 0", () => {
  const packed = packPositions(items);
  assert.equal(packed.length, 3 * FIELDS);
  assert.deepEqual([...packed.slice(0, FIELDS)], [1, T, 57.7, 11.9, 12.5, 90, 80, Number.NaN, 1, 4, T + 100]);
  assert.ok(Number.isNaN(packed[FIELDS + 4]) && Number.isNaN(packed[FIELDS + 8]));
  assert.equal(packed[2 * FIELDS + 8], 0);
});

test("tracks lie one after the other", () => {
  const fixes = (time) => ({
    time,
    lat: time.map(() => 57),
    lon: time.map(() => 12),
    speed: time.map(() => null),
    heading: time.map(() => 90),
  });
  const { ids, ends, time, speed } = packTracks({ 12: fixes([T, T + 5]), 3: fixes([]), 40: fixes([T + 7]) });
  const each = Array.from(ids, (id, i) => [id, [...time.slice(i ? ends[i - 1] : 0, ends[i])]]);
  assert.deepEqual(Object.fromEntries(each), { 12: [T, T + 5], 3: [], 40: [T + 7] });
  assert.ok(speed.every(Number.isNaN));
});

/** A socket and the port to the page, which are not ours. */
function joined() {
  const posted = [];
  const socket = { sent: [], closed: false, send: (text) => socket.sent.push(text) };
  socket.close = () => {
    socket.closed = true;
  };
  const port = { postMessage: (message, transfer = []) => posted.push([message, transfer.length]) };
  pass(socket, port);
  return { socket, port, posted };
}

const frame = (n, count) =>
  JSON.stringify({
    type: "positions",
    n,
    items: Array.from({ length: count }, (_, id) => [id, ...items[0].slice(1)]),
  });

test("large frames of positions reach the page packed, as one; all else as it came, in order", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { socket, posted } = joined();
  socket.onopen();
  for (const n of [1, 2]) socket.onmessage({ data: frame(n, 500) });
  assert.deepEqual(posted, [[{ type: "open" }, 0]]);
  mock.timers.tick(20);
  const [[first, arrays]] = posted.slice(1);
  assert.deepEqual([first.data.type, first.data.n, first.data.items.length], ["positions", 2, 1000 * FIELDS]);
  assert.equal(first.data.items[FIELDS * 501], 1);
  assert.equal(arrays, 1); // handed over, not copied
  socket.onmessage({ data: frame(3, 500) });
  socket.onmessage({ data: frame(4, 1) });
  assert.deepEqual([posted[2][0].data.n, posted[3][0].data], [3, frame(4, 1)]);
  socket.onmessage({ data: frame(5, 500) });
  socket.onclose({ code: 1012 });
  assert.equal(posted[4][0].data.n, 5);
  assert.deepEqual(posted[5][0], { type: "close", code: 1012 });
  mock.timers.tick(1000);
  assert.equal(posted.length, 6);
  mock.timers.reset();
});

test("what the page says goes out, and null closes", () => {
  const { socket, port } = joined();
  port.onmessage({ data: "hello" });
  assert.deepEqual([socket.sent, socket.closed], [["hello"], false]);
  port.onmessage({ data: null });
  assert.deepEqual([socket.sent, socket.closed], [["hello"], true]);
});

test("a large frame is one of positions", () => {
  assert.ok(isLarge(frame(1, 500)));
  assert.ok(!isLarge(frame(1, 3)));
  assert.ok(!isLarge(JSON.stringify({ type: "snapshot", vehicles: "x".repeat(20_000) })));
});
