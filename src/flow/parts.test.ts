import assert from "node:assert/strict";
import { test } from "node:test";
import { component } from "../../tests/support/flow.ts";
import { startOrder } from "./parts.ts";

const ids = (...components: readonly (readonly [string, readonly string[]])[]) =>
  startOrder(components.map(([id, depends_on]) => component("sink", id, [], { depends_on })))
    .map(({ id }) => id).join("");

test("components start in the order of the file, after what they depend on", () => {
  assert.equal(ids(["a", []], ["b", []], ["c", []]), "abc");
  assert.equal(ids(["a", ["c"]], ["b", []], ["c", ["d"]], ["d", []]), "dcab");
  assert.equal(ids(["a", ["b", "gone"]], ["b", ["a"]]), "ba");
});
