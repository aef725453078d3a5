import assert from "node:assert/strict";
import { test } from "node:test";
import { jsonListStream } from "./json-stream.ts";

for (const count of [0, 1, 499, 500, 501, 1_000, 1_234]) {
  test(`a list of ${count} is the JSON that JSON.stringify gives`, async () => {
    const items = Array.from({ length: count }, (_, i) => i);
    const toJson = (i: number) => ({ i, text: `"${i}",` });
    for (const rest of [{}, { total: count, next: undefined }, { total: count, next: 'a"b' }]) {
      const text = await new Response(jsonListStream("items", items, toJson, rest)).text();
      assert.equal(text, JSON.stringify({ items: items.map(toJson), ...rest }));
    }
  });
}
