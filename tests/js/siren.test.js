import assert from "node:assert/strict";
import { test } from "node:test";
import { Siren } from "../../static/js/siren.js";

/** What a browser's audio does: silent until a person did something. */
class Context {
  state = "suspended";
  currentTime = 0;
  allowed = false;
  onstatechange = () => {};
  async resume() {
    if (!this.allowed) return new Promise(() => {}); // as browsers do: it waits
    this.state = "running";
    this.onstatechange();
  }
}
class Node {
  static started = 0;
  gain = { setTargetAtTime() {} };
  connect(other) {
    return other;
  }
  start() {
    Node.started++;
  }
  stop() {}
}
globalThis.OscillatorNode = Node;
globalThis.GainNode = Node;

function make({ allowed = false, locks = null } = {}) {
  Node.started = 0;
  const context = Object.assign(new Context(), { allowed });
  const states = [];
  const siren = new Siren({ make: () => context, locks, onState: (state) => states.push(state) });
  return { context, siren, states };
}

test("an alarm is blocked until the first click, then heard until nobody wants it", async () => {
  const { context, siren, states } = make();
  siren.want(true);
  assert.equal(siren.state, "blocked");
  assert.equal(Node.started, 0);
  context.allowed = true;
  await siren.unlock();
  assert.equal(siren.state, "sounding");
  assert.equal(Node.started, 2);
  siren.want(false);
  assert.equal(siren.state, "quiet");
  assert.deepEqual(states, ["blocked", "sounding", "quiet"]);
});

test("where the browser allows it, no click is needed", async () => {
  const { siren } = make({ allowed: true });
  siren.want(true);
  assert.equal(siren.state, "sounding");
  siren.want(false);
});

test("a click without an alarm makes no sound", async () => {
  const { siren } = make({ allowed: true });
  await siren.unlock();
  assert.equal(siren.state, "quiet");
  assert.equal(Node.started, 0);
  siren.want(true);
  assert.equal(siren.state, "sounding");
  siren.want(false);
});

test("it repeats, and stops repeating", async (context) => {
  context.mock.timers.enable({ apis: ["setInterval"] });
  const { siren } = make({ allowed: true });
  siren.want(true);
  context.mock.timers.tick(5000);
  assert.equal(Node.started, 6);
  siren.want(false);
  context.mock.timers.tick(60_000);
  assert.equal(Node.started, 6);
});

test("of two tabs one is heard, and the other when the first is quiet", async () => {
  const queue = [];
  const locks = {
    async request(_name, { signal }, work) {
      await new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        queue.push(resolve);
        if (queue.length === 1) resolve();
      });
      await work();
      queue.shift();
      queue[0]?.();
    },
  };
  const first = make({ allowed: true, locks });
  const second = make({ allowed: true, locks });
  first.siren.want(true);
  second.siren.want(true);
  await new Promise(setImmediate);
  assert.equal(Node.started, 2);
  first.siren.want(false);
  await new Promise(setImmediate);
  assert.equal(Node.started, 4);
  second.siren.want(false);
});
