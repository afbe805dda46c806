import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { FRAMES_IN_FLIGHT, ITEMS_A_FRAME, Outbox } from "../../static/js/drive/outbox.js";

/** What IndexedDB does of it: rows by key, in the order of the keys. A phone's disk survives the page. */
class Disk {
  shelves = { fixes: new Map(), said: new Map() };
  #n = 0;
  async all(shelf) {
    return [...this.shelves[shelf].entries()]
      .sort((a, b) => a[0] - b[0])
      .map(([, row]) => structuredClone(row));
  }
  async put(shelf, row) {
    const key = shelf === "fixes" ? row.time : ++this.#n;
    this.shelves[shelf].set(key, shelf === "fixes" ? row : { ...row, n: key });
    return key;
  }
  async remove(shelf, keys) {
    for (const key of keys) this.shelves[shelf].delete(key);
  }
}

/** The server, as far as settling goes: it keeps what it has read and acknowledges up to a frame. */
class Server {
  fixes = [];
  said = [];
  highest = 0;
  read(frames) {
    for (const frame of frames) {
      if (frame.type === "positions") {
        this.fixes.push(...frame.items.map(({ time }) => time));
        this.highest = frame.seq;
      } else this.said.push(frame);
    }
  }
}

const fix = (time, more = {}) => ({ time, latitude: 57.7, longitude: 11.9, ...more });
let disk;
let outbox;

async function reload() {
  outbox = new Outbox(disk);
  await outbox.open();
  outbox.begin();
}

beforeEach(async () => {
  disk = new Disk();
  await reload();
});

test("a fix is kept before it is sent and removed when it is acknowledged", async () => {
  await outbox.keep(fix(1000));
  assert.equal(disk.shelves.fixes.size, 1);
  const [frame] = outbox.next();
  assert.deepEqual(frame, { type: "positions", seq: 1, items: [fix(1000)] });
  assert.deepEqual(outbox.next(), [], "it is on its way");
  assert.deepEqual(await outbox.acked(1), [1000]);
  assert.equal(outbox.waiting, 0);
  assert.equal(disk.shelves.fixes.size, 0);
});

test("what was not acknowledged is sent again on a new connection, and after a reload", async () => {
  for (const time of [1000, 2000, 3000]) await outbox.keep(fix(time));
  outbox.next();
  outbox.begin();
  assert.deepEqual(
    outbox
      .next()[0]
      .items.map(({ time }) => time)
      .sort(),
    [1000, 2000, 3000],
  );
  await reload();
  assert.equal(outbox.waiting, 3);
  assert.equal(outbox.since, 1000);
  assert.equal(outbox.next()[0].items.length, 3);
});

test("an acknowledgement is cumulative and settles no later frame", async () => {
  await outbox.keep(fix(1000));
  outbox.next();
  await outbox.keep(fix(2000));
  outbox.next();
  await outbox.keep(fix(3000));
  outbox.next();
  assert.deepEqual(await outbox.acked(2), [1000, 2000]);
  assert.equal(outbox.waiting, 1);
});

test("frames are small, and only a few are on their way", async () => {
  const many = ITEMS_A_FRAME * (FRAMES_IN_FLIGHT + 1);
  for (let time = 1; time <= many; time++) await outbox.keep(fix(time));
  const frames = outbox.next();
  assert.equal(frames.length, FRAMES_IN_FLIGHT);
  assert.ok(frames.every(({ items }) => items.length === ITEMS_A_FRAME));
  await outbox.acked(1);
  assert.equal(outbox.next().length, 1);
});

test("where the vehicle is now goes out first, and an alarm before all else", async () => {
  for (let time = 1; time <= 3 * ITEMS_A_FRAME; time++) await outbox.keep(fix(time));
  await outbox.keep(fix(5000, { alarm: "sos" }));
  await outbox.keep(fix(6000));
  assert.deepEqual(
    outbox
      .next()[0]
      .items.slice(0, 3)
      .map(({ time }) => time),
    [5000, 6000, 1],
  );
});

test("a reply is settled by `stored`, never by an acknowledgement", async () => {
  await outbox.say({ type: "reply", id: "r1", text: "OK" }, 5);
  await outbox.keep(fix(1000));
  assert.deepEqual(
    outbox.next().map(({ type }) => type),
    ["reply", "positions"],
  );
  await outbox.acked(1);
  assert.equal(outbox.waiting, 1);
  await outbox.stored("another");
  assert.equal(outbox.waiting, 1);
  await outbox.stored("r1");
  assert.equal(outbox.waiting, 0);
});

test("a receipt is settled by the acknowledgement of a frame after it; an empty one asks for it", async () => {
  await outbox.say({ type: "receipt", id: "m1", status: "delivered" }, 5);
  const [receipt, frame] = outbox.next();
  assert.equal(receipt.status, "delivered");
  assert.deepEqual(frame, { type: "positions", seq: 1, items: [] });
  await outbox.stored("m1");
  assert.equal(outbox.waiting, 1, "`stored` is not for receipts");
  await outbox.acked(1);
  assert.equal(outbox.waiting, 0);
});

test("after `unavailable` no acknowledgement of this connection speaks for receipts", async () => {
  await outbox.say({ type: "receipt", id: "m1", status: "read" }, 5);
  outbox.next();
  outbox.doubt();
  await outbox.acked(1);
  assert.equal(outbox.waiting, 1);
  outbox.begin();
  assert.equal(outbox.next()[0].id, "m1");
  await outbox.acked(1);
  assert.equal(outbox.waiting, 0);
});

test("the same receipt twice is kept once", async () => {
  for (let i = 0; i < 2; i++) await outbox.say({ type: "receipt", id: "m1", status: "delivered" }, 5);
  await outbox.say({ type: "receipt", id: "m1", status: "read" }, 5);
  assert.equal(outbox.waiting, 2);
});

test("whatever is lost and whenever the page dies, everything arrives and nothing stays", async () => {
  // A small generator of chance (Lehmer), so that a failure can be played again.
  for (let seed = 1; seed <= 40; seed++) {
    let state = seed * 7919;
    const chance = (most) => {
      state = (state * 48271) % 2147483647;
      return state % most;
    };
    disk = new Disk();
    await reload();
    const server = new Server();
    const [times, ids] = [new Set(), new Set()];
    for (let step = 0; step < 60; step++) {
      const what = chance(6);
      if (what === 0) {
        times.add(step + 1);
        await outbox.keep(fix(step + 1));
      } else if (what === 1) {
        ids.add(`m${step}`);
        const reply = chance(2) === 0;
        await outbox.say(
          reply
            ? { type: "reply", id: `m${step}`, text: "x" }
            : { type: "receipt", id: `m${step}`, status: "read" },
          step,
        );
      } else if (what === 2)
        outbox.next(); // sent, and lost with its connection
      else if (what === 3) {
        outbox.begin();
        server.highest = 0;
      } else if (what === 4) await reload();
      else {
        outbox.begin();
        server.highest = 0;
        server.read(outbox.next());
        if (chance(2)) await outbox.acked(server.highest); // or the answer is lost
      }
    }
    for (let round = 0; outbox.waiting && round < 100; round++) {
      outbox.begin();
      server.highest = 0;
      server.read(outbox.next());
      await outbox.acked(server.highest);
      for (const { type, id } of server.said) if (type === "reply") await outbox.stored(id);
    }
    assert.equal(outbox.waiting, 0, `seed ${seed}`);
    assert.deepEqual(new Set(server.fixes), times, `seed ${seed}`);
    assert.deepEqual(new Set(server.said.map(({ id }) => id)), ids, `seed ${seed}`);
    assert.equal(disk.shelves.fixes.size + disk.shelves.said.size, 0);
  }
});
