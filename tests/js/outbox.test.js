import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { makeId, Outbox } from "#fl/outbox";

let kept;
const storage = {
  getItem: (name) => kept.get(name) ?? null,
  setItem: (name, value) => kept.set(name, value),
  removeItem: (name) => kept.delete(name),
};
const written = (client_id, vehicle = 7) => ({ client_id, vehicle, text: "hi", replies: "", hours: "24" });

beforeEach(() => {
  kept = new Map();
});

test("what is sent is kept until it was taken, through a reload", () => {
  new Outbox(storage, "3").add(written("a"));
  const after = new Outbox(storage, "3");
  assert.deepEqual(after.of(7), [{ ...written("a"), state: "sending" }]);
  assert.deepEqual(after.of(8), []);
  assert.equal(after.take("a")?.text, "hi");
  assert.equal(after.take("a"), undefined);
  assert.equal(kept.size, 0);
});

test("why it was not taken is known, and the order stays", () => {
  const outbox = new Outbox(storage, "3");
  for (const id of ["a", "b", "c"]) outbox.add(written(id));
  outbox.change("b", { state: "unsent", why: "No connection.", again: true });
  assert.deepEqual(
    outbox.all().map(({ client_id, state }) => [client_id, state]),
    [
      ["a", "sending"],
      ["b", "unsent"],
      ["c", "sending"],
    ],
  );
});

test("a draft is of a vehicle and a person", () => {
  const outbox = new Outbox(storage, "3");
  outbox.keepDraft(7, "Take ex");
  assert.equal(new Outbox(storage, "3").draft(7), "Take ex");
  assert.equal(outbox.draft(8), "");
  assert.equal(new Outbox(storage, "4").draft(7), "");
  outbox.keepDraft(7, "");
  assert.equal(kept.size, 0);
});

test("what is stored and is no list is nothing", () => {
  kept.set("fleetline-3-unsent", "{");
  assert.deepEqual(new Outbox(storage, "3").all(), []);
});

test("ids differ and are short enough for the ledger", () => {
  const ids = new Set(Array.from({ length: 100 }, makeId));
  assert.equal(ids.size, 100);
  assert.ok([...ids].every((id) => /^[0-9a-f]{32}$/.test(id)));
});
