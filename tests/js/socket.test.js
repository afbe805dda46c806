import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import {
  ACK_MS,
  backoff,
  FIRST_RETRY_MS,
  HEARTBEAT_MS,
  MOST_RETRY_MS,
  PROBE_MS,
  Socket,
} from "../../static/js/socket.js";

/** The browser's WebSocket, which is not ours: here a test plays the server. */
class Wire {
  /** @type {Wire[]} */
  static all = [];
  sent = [];
  closed = false;
  constructor(url) {
    this.url = url;
    Wire.all.push(this);
  }
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.closed = true;
  }
  accept() {
    this.onopen();
  }
  says(frame) {
    this.onmessage({ data: JSON.stringify(frame) });
  }
  async drop(code = 1006) {
    await this.onclose({ code });
  }
}

const snapshot = { type: "snapshot", n: 0, vehicles: [] };
let frames;
let statuses;
let answer;

beforeEach(() => {
  Wire.all = [];
  frames = [];
  statuses = [];
  answer = "in";
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 5000 });
});

function connect(options = {}) {
  const socket = new Socket(
    "ws://here/ws/dashboard",
    { onFrame: (frame) => frames.push(frame), onStatus: ({ state }) => statuses.push(state), ...options },
    { WebSocket: Wire, session: async () => answer, random: () => 1 },
  );
  socket.open();
  return socket;
}

function live() {
  const socket = connect();
  Wire.all[0].accept();
  Wire.all[0].says(snapshot);
  return socket;
}

test("subscribes, and is live with the first snapshot", () => {
  const socket = connect();
  assert.equal(socket.status.state, "connecting");
  Wire.all[0].accept();
  assert.deepEqual(Wire.all[0].sent, [{ type: "subscribe" }]);
  assert.equal(socket.status.state, "connecting");
  Wire.all[0].says(snapshot);
  assert.equal(socket.status.state, "live");
});

test("names the fleets it wants", () => {
  connect({ fleets: ["north"] });
  Wire.all[0].accept();
  assert.deepEqual(Wire.all[0].sent, [{ type: "subscribe", fleets: ["north"] }]);
});

test("acknowledges numbered frames, together those that come at once, also what the page stumbled over", () => {
  connect({
    onFrame: (frame) => {
      if (frame.n === 1) throw new Error("a fault of the page");
    },
  });
  const [wire] = Wire.all;
  wire.accept();
  wire.says(snapshot);
  mock.timers.tick(ACK_MS);
  wire.says({ type: "presence", id: 7, online: true });
  mock.timers.tick(ACK_MS);
  assert.deepEqual(wire.sent.slice(1), [{ type: "ack", n: 0 }]);
  assert.throws(() => wire.says({ type: "positions", n: 1, items: [] }), /fault/);
  mock.timers.tick(ACK_MS);
  for (const n of [2, 3]) wire.says({ type: "positions", n, items: [] });
  mock.timers.tick(ACK_MS);
  assert.deepEqual(
    wire.sent.slice(2).map(({ n }) => n),
    [1, 3],
  );
  wire.says({ type: "positions", n: 4, items: [] });
  wire.drop();
  mock.timers.tick(FIRST_RETRY_MS);
  assert.equal(wire.sent.length, 4); // what came before the loss is nobody's any more
});

test("comes back after a loss, later each time, and at the first pace after a success", async () => {
  const socket = live();
  await Wire.all[0].drop();
  assert.equal(socket.status.state, "lost");
  assert.equal(socket.status.retryAt, 5000 + FIRST_RETRY_MS);
  mock.timers.tick(FIRST_RETRY_MS - 1);
  assert.equal(Wire.all.length, 1);
  mock.timers.tick(1);
  assert.equal(Wire.all.length, 2);
  assert.equal(socket.status.state, "lost"); // still: nothing came yet
  await Wire.all[1].drop();
  assert.equal(socket.status.retryAt, Date.now() + 2 * FIRST_RETRY_MS);
  mock.timers.tick(2 * FIRST_RETRY_MS);
  Wire.all[2].accept();
  Wire.all[2].says(snapshot);
  assert.equal(socket.status.state, "live");
  await Wire.all[2].drop();
  assert.equal(socket.status.retryAt, Date.now() + FIRST_RETRY_MS);
});

test("a silent socket is lost after two heartbeats, and any frame counts", () => {
  const socket = live();
  mock.timers.tick(2 * HEARTBEAT_MS - 1);
  Wire.all[0].says({ type: "positions", n: 1, items: [] });
  mock.timers.tick(2 * HEARTBEAT_MS - 1);
  assert.equal(socket.status.state, "live");
  mock.timers.tick(1);
  assert.equal(socket.status.state, "lost");
  assert.ok(Wire.all[0].closed);
});

test("what a dropped connection still says is not heard", () => {
  const socket = live();
  mock.timers.tick(2 * HEARTBEAT_MS);
  Wire.all[0].says({ type: "positions", n: 9, items: [] });
  assert.equal(frames.length, 1);
  assert.equal(socket.status.state, "lost");
});

test("tries at once when the network or the tab comes back, and only when it is lost", async () => {
  const socket = live();
  socket.wake();
  assert.equal(Wire.all.length, 1);
  await Wire.all[0].drop();
  socket.wake();
  assert.equal(Wire.all.length, 2);
  mock.timers.tick(FIRST_RETRY_MS);
  assert.equal(Wire.all.length, 2); // the planned attempt is the one that was made
});

test("a refused handshake of somebody signed out stops the attempts until they are back", async () => {
  const socket = connect();
  answer = "out";
  await Wire.all[0].drop();
  assert.equal(socket.status.state, "signed-out");
  mock.timers.tick(10 * MOST_RETRY_MS);
  assert.equal(Wire.all.length, 1);
  socket.wake();
  assert.equal(Wire.all.length, 2);
  answer = "in";
  Wire.all[1].accept();
  Wire.all[1].says(snapshot);
  assert.equal(socket.status.state, "live");
});

test("an open connection is asked whether it lives when the tab comes back, and lost when it is mute", () => {
  const socket = live();
  socket.wake();
  assert.deepEqual(Wire.all[0].sent.at(-1), { type: "ping" });
  Wire.all[0].says({ type: "pong" });
  mock.timers.tick(PROBE_MS);
  assert.equal(socket.status.state, "live");
  socket.wake();
  mock.timers.tick(PROBE_MS);
  assert.equal(socket.status.state, "lost");
  assert.ok(Wire.all[0].closed);
});

test("the picture is as of the last frame, not of when the loss was noticed", () => {
  let now = 1000;
  const socket = new Socket("ws://here/", { onFrame() {} }, { WebSocket: Wire, now: () => now });
  socket.open();
  const [wire] = Wire.all;
  wire.accept();
  wire.says(snapshot);
  now = 7000;
  wire.says({ type: "positions", n: 1, items: [] });
  now = 37_000;
  mock.timers.tick(2 * HEARTBEAT_MS);
  assert.deepEqual([socket.status.state, socket.status.heard, socket.status.since], ["lost", 7000, 37_000]);
});

test("whoever is signed in and refused all the same is told so, and let in later", async () => {
  const socket = connect();
  await Wire.all[0].drop();
  assert.equal(socket.status.state, "lost"); // the server may just be starting
  mock.timers.tick(MOST_RETRY_MS);
  await Wire.all[1].drop();
  assert.equal(socket.status.state, "forbidden");
  mock.timers.tick(MOST_RETRY_MS);
  await Wire.all[2].drop();
  assert.equal(socket.status.state, "forbidden");
  assert.equal(statuses.filter((state) => state === "lost").length, 2);
  socket.wake();
  Wire.all[3].accept();
  Wire.all[3].says(snapshot);
  assert.equal(socket.status.state, "live");
});

test("a server that is away is tried again", async () => {
  const socket = connect();
  answer = "away";
  await Wire.all[0].drop();
  assert.equal(socket.status.state, "lost");
  mock.timers.tick(FIRST_RETRY_MS);
  assert.equal(Wire.all.length, 2);
});

test("closed is closed", async () => {
  const socket = live();
  socket.close();
  await Wire.all[0].drop();
  mock.timers.tick(10 * MOST_RETRY_MS);
  assert.equal(Wire.all.length, 1);
});

test("waits double up to half a minute, half of it by chance", () => {
  assert.equal(
    backoff(0, () => 0),
    FIRST_RETRY_MS / 2,
  );
  assert.equal(
    backoff(0, () => 1),
    FIRST_RETRY_MS,
  );
  assert.equal(
    backoff(3, () => 1),
    8 * FIRST_RETRY_MS,
  );
  assert.equal(
    backoff(100, () => 1),
    MOST_RETRY_MS,
  );
});

test("a frame that is still being read is acknowledged when the page has it, and not after a loss", async () => {
  const reading = [];
  const socket = new Socket(
    "ws://here/ws/dashboard",
    { onFrame: (frame) => frames.push(frame) },
    { WebSocket: Wire, session: async () => "in", read: () => new Promise((ready) => reading.push(ready)) },
  );
  socket.open();
  const [wire] = Wire.all;
  wire.accept();
  wire.says({});
  wire.says({});
  assert.deepEqual(wire.sent.slice(1), []);
  await reading[0]({ type: "positions", n: 3 });
  mock.timers.tick(ACK_MS);
  assert.deepEqual(wire.sent.slice(1), [{ type: "ack", n: 3 }]);
  await wire.drop();
  await reading[1]({ type: "positions", n: 4 });
  assert.equal(frames.length, 1);
  socket.close();
});
