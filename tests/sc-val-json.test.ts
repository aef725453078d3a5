import assert from "node:assert/strict";
import { test } from "node:test";
import { xdr } from "@stellar/stellar-sdk";
import { decimalOfDigits, int128Digits } from "../src/stellar/amount.ts";
import { scValJson } from "../src/stellar/sc-val-json.ts";
import { XdrBytes } from "../src/stellar/xdr/xdr-bytes.ts";
import { namedSchemas, randomXdr, seeded } from "./support/xdr-schema.ts";

test("contract values are the JSON that the SDK makes of them", () => {
  const schema = namedSchemas().get("ScVal");
  assert.ok(schema);
  const random = seeded(11);
  const kinds = new Set<string>();
  for (let round = 0; round < 3000; round++) {
    const bytes = randomXdr(schema, random);
    if (bytes.length > 3000) continue;
    const oracle = xdr.ScVal.fromXdr(bytes);
    kinds.add(oracle.type);
    assert.deepEqual(scValJson(new XdrBytes(bytes), 0), oracle.toJson());
  }
  assert.equal(kinds.size, 23);
});

test("amounts have all their digits, at any size and sign", () => {
  const edges = [
    0n,
    1n,
    2n ** 52n,
    2n ** 53n - 1n,
    2n ** 53n,
    2n ** 63n,
    2n ** 64n,
    2n ** 127n - 1n,
  ];
  for (const edge of edges.flatMap((value) => [value, -value, -value - 1n, value - 1n])) {
    const bytes = new Uint8Array(16);
    const view = new DataView(bytes.buffer);
    view.setBigInt64(0, edge >> 64n);
    view.setBigUint64(8, BigInt.asUintN(64, edge));
    const expected = String(BigInt.asIntN(128, edge));
    assert.equal(int128Digits(new XdrBytes(bytes), 0), expected);
  }
});

test("digits become decimals of seven places without trailing zeros", () => {
  const cases = {
    "0": "0",
    "1": "0.0000001",
    "100": "0.00001",
    "10000000": "1",
    "-269817": "-0.0269817",
    "8338686995": "833.8686995",
    "-10000000": "-1",
    "12345678900000000000000000": "1234567890000000000",
    "170141183460469231731687303715884105727": "17014118346046923173168730371588.4105727",
  };
  for (const [digits, decimal] of Object.entries(cases)) {
    assert.equal(decimalOfDigits(digits), decimal);
  }
});
