import assert from "node:assert/strict";
import { test } from "node:test";
import { Choice } from "../../static/js/choice.js";

const SHOWN = [5, 3, 9, 7, 1];
const after = (...steps) => {
  const choice = new Choice();
  for (const step of steps) step(choice);
  return [choice.selected, [...choice.several].sort()];
};
const click = (id) => (choice) => choice.select(id);
const ctrl = (id) => (choice) => choice.toggle(id);
const shift = (id) => (choice) => choice.extend(id, SHOWN);

test("one is selected, several are not: a drawer shows one", () => {
  assert.deepEqual(after(click(3)), [3, []]);
  assert.deepEqual(after(click(3), ctrl(7)), [-1, [3, 7]]);
  assert.deepEqual(after(click(3), ctrl(7), ctrl(3)), [7, []]);
  assert.deepEqual(after(ctrl(3)), [3, []]);
  assert.deepEqual(after(click(3), ctrl(3)), [-1, []]);
  assert.deepEqual(after(click(3), ctrl(7), click(9)), [9, []]);
});

test("shift chooses all from the last one, up and down the list as it is shown", () => {
  assert.deepEqual(after(click(3), shift(7)), [-1, [3, 7, 9]]);
  assert.deepEqual(after(click(7), shift(3)), [-1, [3, 7, 9]]);
  assert.deepEqual(after(shift(3)), [3, []]); // nobody to count from
  assert.deepEqual(after(click(5), ctrl(7), shift(1)), [-1, [1, 5, 7]]);
  assert.deepEqual(after(click(99), shift(3)), [-1, [3, 99]]); // the anchor is filtered out
});
