import assert from "node:assert/strict";
import test from "node:test";
import { bytes, count, duration, rate, table } from "./format.ts";

test("counts are grouped by thousands", () => {
  assert.equal(count(0), "0");
  assert.equal(count(999), "999");
  assert.equal(count(1000), "1,000");
  assert.equal(count(63092982), "63,092,982");
});

test("rates keep a decimal only where it says something", () => {
  assert.equal(rate(0.44), "0.4/s");
  assert.equal(rate(12.5), "12.5/s");
  assert.equal(rate(1240.4), "1,240/s");
});

test("durations show their two largest units", () => {
  assert.equal(duration(0), "0.0s");
  assert.equal(duration(9_940), "9.9s");
  assert.equal(duration(93_784), "1m 34s");
  assert.equal(duration(60_000), "1m");
  assert.equal(duration(3_600_000 * 26 + 59_000), "1d 2h");
});

test("sizes use decimal units", () => {
  assert.equal(bytes(999), "999 B");
  assert.equal(bytes(64_000_000), "64.0 MB");
});

test("a table aligns its columns and leaves no trailing spaces", () => {
  const lines = table(
    [{ title: "ID", align: "left" }, { title: "N", align: "right" }],
    [["lake", "1,000"], ["x", "2"]],
  );
  assert.deepEqual(lines, ["ID        N", "lake  1,000", "x         2"]);
});
