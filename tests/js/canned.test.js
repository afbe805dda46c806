import assert from "node:assert/strict";
import { test } from "node:test";

import { joined } from "#fl/canned";

test("a text at hand fills an empty field", () => {
  assert.equal(joined("", "Call the depot"), "Call the depot");
  assert.equal(joined("  \n", "Call the depot"), "Call the depot");
});

test("and goes after what is written", () => {
  assert.equal(joined("Jan, ", "call the depot"), "Jan, call the depot");
});
