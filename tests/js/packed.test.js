import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { read, WorkerSocket } from "../../static/js/packed.js";

/** The browser's Worker, which is not ours: here a test plays it. */
class Made extends EventTarget {
  /** @type {Made[]} */
  static all = [];
  ended = false;
  asked = [];
  constructor() {
    super();
    Made.all.push(this);
  }
  postMessage(data, [port]) {
    this.asked.push({ data, port });
  }
  terminate() {
    this.ended = true;
  }
  fail() {
    this.dispatchEvent(new Event("error"));
  }
}
globalThis.Worker = Made;

let heard;
beforeEach(() => {
  heard = [];
});

function connect() {
  const socket = new WorkerSocket("ws://here/ws/dashboard");
  socket.onopen = () => heard.push("open");
  socket.onmessage = ({ data }) => heard.push(data);
  socket.onclose = ({ code }) => heard.push(code);
  const worker = Made.all.at(-1);
  const { data, port } = worker.asked.at(-1);
  assert.equal(data, "ws://here/ws/dashboard");
  return { socket, worker, port };
}

const next = (port) => new Promise((resolve) => port.once("message", resolve));
const passed = () => new Promise((resolve) => setTimeout(resolve, 20));

test("a socket in the worker says what a WebSocket says, and hears the same", async () => {
  const { socket, port } = connect();
  port.postMessage({ type: "open" });
  port.postMessage({ type: "message", data: "text" });
  const said = next(port);
  socket.send("hello");
  assert.equal(await said, "hello");
  port.postMessage({ type: "close", code: 4403 });
  await passed();
  assert.deepEqual(heard, ["open", "text", 4403]);
});

test("one that was closed tells the worker and says no more; the next one has the same worker", async () => {
  const { socket, worker, port } = connect();
  const said = next(port);
  socket.close();
  assert.equal(await said, null);
  port.postMessage({ type: "message", data: "late" });
  worker.dispatchEvent(new Event("message"));
  await passed();
  assert.deepEqual(heard, []);
  const other = connect();
  assert.equal(other.worker, worker);
  other.socket.close();
});

test("a worker that failed is a loss, and the next attempt has another", () => {
  const { worker } = connect();
  worker.fail();
  worker.fail();
  assert.deepEqual(heard, [1006]);
  assert.ok(worker.ended);
  const other = connect();
  assert.notEqual(other.worker, worker);
  other.socket.close();
});

test("what the worker has read is a frame", () => {
  const frame = { type: "positions", n: 1, items: new Float64Array(11) };
  assert.equal(read(frame), frame);
  assert.deepEqual(read('{"type":"pong"}'), { type: "pong" });
});
