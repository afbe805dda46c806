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
  for (const address of ["?v=x", "?v=-3", "?v=0", "?v=1.5", "?s=flying", "?sort=colour", "?fleet=,,"]) {
    assert.deepEqual(read(address), { filter: everything(), selected: -1 }, address);
  }
});
