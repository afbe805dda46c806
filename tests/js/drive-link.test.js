import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import {
  backoff,
  FIRST_RETRY_MS,
  Link,
  MOST_RETRY_MS,
  PING_MS,
  PROBE_MS,
  SILENCE_MS,
} from "../../static/js/drive/link.js";

/** The browser's WebSocket, which is not ours: here a test plays the server. */
class Wire {
  /** @type {Wire[]} */
  static all = [];
  sent = [];
  closed = false;
  constructor(url, protocols) {
    this.url = url;
    this.protocols = protocols;
    Wire.all.push(this);
  }
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.closed = true;
  }
  says(frame) {
    this.onmessage({ data: JSON.stringify(frame) });
  }
  async drop(code = 1006) {
    await this.onclose({ code });
  }
}

const HELLO = { type: "hello", uid: "van-7" };
let frames;
let states;
let refusal;
let token;
let link;
const wire = () => Wire.all.at(-1);

beforeEach(() => {
  Wire.all = [];
  [frames, states, refusal, token] = [[], [], 0, "t1"];
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  link = new Link(
    "ws://x/gps/connect",
    {
      token: () => token,
      onFrame: (frame, connection) => frames.push({ ...frame, connection }),
      onState: (state) => states.push(state),
    },
    { WebSocket: Wire, refusal: async () => refusal, random: () => 1 },
  );
  link.open();
});

test("the token goes out as a subprotocol, with what the page wants to be told", () => {
  assert.deepEqual(wire().protocols, ["gps.v1", "gps.alerts", "jwt.t1"]);
  assert.equal(link.send({ type: "ping" }), false, "nothing before hello");
  wire().says(HELLO);
  assert.equal(link.state, "live");
});

test("a lost connection comes back by itself, later and later", async () => {
  wire().says(HELLO);
  await wire().drop();
  assert.equal(link.state, "lost");
  mock.timers.tick(FIRST_RETRY_MS - 1);
  assert.equal(Wire.all.length, 1);
  mock.timers.tick(1);
  assert.equal(Wire.all.length, 2);
  await wire().drop();
  mock.timers.tick(2 * FIRST_RETRY_MS - 1);
  assert.equal(Wire.all.length, 2);
  mock.timers.tick(1);
  assert.equal(Wire.all.length, 3);
  assert.equal(
    backoff(0, () => 0),
    FIRST_RETRY_MS / 2,
  );
  assert.equal(
    backoff(99, () => 1),
    MOST_RETRY_MS,
  );
});

test("when the network or the page comes back it is tried at once, with the token as it is then", async () => {
  wire().says(HELLO);
  await wire().drop();
  token = "t2";
  link.wake();
  assert.equal(Wire.all.length, 2);
  assert.ok(wire().protocols.includes("jwt.t2"));
});

test("a connection that says nothing is left; one that may be half open is asked", () => {
  wire().says(HELLO);
  mock.timers.tick(PING_MS);
  assert.deepEqual(wire().sent, [{ type: "ping" }]);
  wire().says({ type: "pong" });
  link.wake();
  mock.timers.tick(PROBE_MS);
  assert.equal(link.state, "lost");
  mock.timers.tick(FIRST_RETRY_MS);
  wire().says(HELLO);
  mock.timers.tick(SILENCE_MS);
  assert.equal(link.state, "lost");
});

for (const code of [4401, 4403, 4409])
  test(`${code} is the end until the driver asks for another try`, async () => {
    wire().says(HELLO);
    await wire().drop(code);
    assert.deepEqual([link.state, link.code], ["ended", code]);
    mock.timers.tick(10 * MOST_RETRY_MS);
    link.wake();
    assert.equal(Wire.all.length, 1);
    link.open();
    wire().says(HELLO);
    assert.deepEqual([link.state, link.code], ["live", 0]);
  });

test("a refused handshake is told from a server that is away", async () => {
  await wire().drop();
  mock.timers.tick(FIRST_RETRY_MS);
  await wire().drop();
  assert.equal(link.state, "lost", "nobody says that it is refused");
  refusal = 4403;
  mock.timers.tick(MOST_RETRY_MS);
  await wire().drop();
  assert.deepEqual([link.state, link.code], ["ended", 4403]);
});

test("a busy server is given the time that it asks for", async () => {
  wire().says({ type: "error", code: "busy", retry_after: 10 });
  await wire().drop(4503);
  mock.timers.tick(19_999);
  assert.equal(Wire.all.length, 1);
  mock.timers.tick(1);
  assert.equal(Wire.all.length, 2);
});

test("what an old socket still says is not heard", () => {
  const first = wire();
  first.says(HELLO);
  link.again();
  first.says({ type: "ack", seq: 9 });
  assert.deepEqual(frames, [{ ...HELLO, connection: 1 }]);
  assert.ok(first.closed);
});
