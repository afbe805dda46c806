import assert from "node:assert/strict";
import { test } from "node:test";
import { Keys } from "../../static/js/keys.js";

function keyboard(single = true) {
  const keys = new Keys(single);
  const done = [];
  const binding = (...names) => ({ keys: names, words: names[0], run: () => done.push(names[0]) });
  keys.bind([binding("j", "ArrowDown"), binding("l"), binding("g l"), binding("g a"), binding("Escape")]);
  const type = (at, ...pressed) => {
    for (const key of pressed) keys.press(key, at)?.();
    return done.splice(0);
  };
  return { keys, type };
}

test("every name of a binding does it, others do nothing", () => {
  const { type } = keyboard();
  assert.deepEqual(type(0, "j", "ArrowDown", "x"), ["j", "j"]);
});

test("two keys after each other are one, if soon enough", () => {
  const { type, keys } = keyboard();
  assert.deepEqual(type(0, "g", "l"), ["g l"]);
  assert.deepEqual(type(0, "l"), ["l"]);
  assert.deepEqual(type(0, "g", "j"), ["j"]); // no such pair: the second counts for itself
  assert.deepEqual(type(0, "g", "x", "a"), []);
  assert.equal(keys.press("g", 0), null);
  assert.deepEqual(type(1500, "l"), ["l"]);
});

test("turned off, keys of one character do nothing, and the others still work", () => {
  const { type } = keyboard(false);
  assert.deepEqual(type(0, "j", "g", "l", "ArrowDown", "Escape"), ["j", "Escape"]);
});
