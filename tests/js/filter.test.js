import assert from "node:assert/strict";
import { test } from "node:test";
import { everything, read, write } from "../../static/js/filter.js";

test("an address is read and written back the same", () => {
  for (const address of [
    "",
    "?fleet=north&s=alarm,moving&q=van&v=310",
    "?fleet=north,south",
    "?q=%C3%85sa+berg&sort=speed",
    "?s=idle&sort=age&v=7",
  ]) {
    const { filter, selected } = read(address);
    assert.equal(write(filter, selected), address);
  }
});

test("what an address cannot mean is left out", () => {
  for (const address of [
    "?v=x",
    "?v=-3",
    "?v=0",
    "?v=1.5",
    "?s=flying",
    "?sort=colour",
    "?fleet=,,",
    "?at=then",
  ]) {
    assert.deepEqual(read(address), { filter: everything(), selected: -1, at: null }, address);
  }
});

test("a past instant is part of the address", () => {
  const address = "?s=moving&v=7&at=2026-11-22T16:02:30Z";
  const { filter, selected, at } = read(address);
  assert.equal(at, Date.parse("2026-11-22T16:02:30Z"));
  assert.equal(write(filter, selected, at), address);
  assert.equal(write(filter, selected), "?s=moving&v=7");
});
