import assert from "node:assert/strict";
import { test } from "node:test";
import { GRACE_MS, shown, words } from "../../static/js/connection.js";
import { time } from "../../static/js/format.js";

const NOW = Date.UTC(2026, 10, 23, 14, 2, 11);
const status = (state, more = {}) => ({ state, since: NOW, heard: null, retryAt: null, ...more });
const measured = { late: null, ahead: 0 };
const word = (state, more, now = NOW, given = measured) => words(status(state, more), now, given).word;

test("a loss is told after a moment's grace, other states at once", () => {
  assert.equal(shown(status("lost"), NOW), "reconnecting");
  assert.equal(shown(status("lost"), NOW + GRACE_MS - 1), "reconnecting");
  assert.equal(shown(status("lost"), NOW + GRACE_MS), "lost");
  for (const state of ["connecting", "live", "signed-out", "forbidden"])
    assert.equal(shown(status(state), NOW), state);
});

test("every state has its words", () => {
  assert.equal(word("connecting"), "connecting …");
  assert.equal(word("live"), "live");
  assert.equal(word("live", {}, NOW, { late: 432, ahead: 0 }), "live · 0.4 s");
  assert.equal(word("lost", { retryAt: NOW + 3400 }), "reconnecting (4 s)");
  assert.equal(word("lost", { retryAt: NOW - 1 }), "reconnecting …");
  assert.equal(word("signed-out"), "signed out");
  assert.equal(word("forbidden"), "refused");
});

test("a long loss says since when, on the server's clock: of the last frame, not of the loss", () => {
  const lost = status("lost", { heard: NOW - 30_000, retryAt: NOW + 40_000 });
  const said = words(lost, NOW + 31_000, { late: null, ahead: 5000 });
  assert.equal(said.since, time(NOW - 25_000));
  assert.equal(said.word, `lost since ${said.since}`);
  assert.equal(said.retry, "Retrying in 9 s.");
});
