import assert from "node:assert/strict";
import test from "node:test";
import { nearest } from "./nearest.ts";

const KNOWN = ["galexie", "jsonl", "csv", "postgres", "token-transfer", "stdout"];

test("a slip of the fingers is recognised: left out, doubled, wrong or swapped letters", () => {
  assert.equal(nearest("galexi", KNOWN), "galexie");
  assert.equal(nearest("cvs", KNOWN), "csv");
  assert.equal(nearest("Posgtres", KNOWN), "postgres");
  assert.equal(nearest("token_transfers", KNOWN), "token-transfer");
});

test("something else altogether gets no suggestion", () => {
  assert.equal(nearest("bigquery", KNOWN), undefined);
  assert.equal(nearest("x", []), undefined);
});
