import assert from "node:assert/strict";
import { test } from "node:test";
import { xdr } from "@stellar/stellar-sdk";
import { ClaimPredicateView } from "../gen/xdr/claim-predicate.ts";
import { claimPredicateJson } from "./claim-predicate.ts";
import { XdrBytes } from "./xdr/xdr-bytes.ts";

function shown(predicate: xdr.ClaimPredicateWire): unknown {
  const bytes = xdr.ClaimPredicate.schema.encode(predicate);
  return claimPredicateJson(new ClaimPredicateView(new XdrBytes(bytes)));
}

const before = (seconds: bigint) => ({ type: 4, absBefore: seconds }) as const;

test("predicates of each kind, inside each other", () => {
  const either: xdr.ClaimPredicateWire = {
    type: 2,
    orPredicates: [{ type: 5, relBefore: 60n }, { type: 3, notPredicate: { type: 0 } }],
  };
  assert.deepEqual(shown({ type: 1, andPredicates: [before(0n), either] }), {
    and: [
      { abs_before: "1970-01-01T00:00:00Z", abs_before_epoch: "0" },
      { or: [{ rel_before: "60" }, { not: { unconditional: true } }] },
    ],
  });
  assert.deepEqual(shown({ type: 3, notPredicate: null }), { not: null });
});

test("times go as far as the seconds", () => {
  const times: readonly (readonly [bigint, string])[] = [
    [951_782_400n, "2000-02-29T00:00:00Z"],
    [-1n, "1969-12-31T23:59:59Z"],
    [253_402_300_799n, "9999-12-31T23:59:59Z"],
    [253_402_300_800n, "+10000-01-01T00:00:00Z"],
    [1_234_567_890_982_222_222n, "+39121901036-03-29T15:30:22Z"],
  ];
  for (const [seconds, text] of times) {
    assert.deepEqual(shown(before(seconds)), {
      abs_before: text,
      abs_before_epoch: String(seconds),
    });
  }
});

test("a time that Date knows is the one that Date prints", () => {
  for (let seconds = -60_000_000_000n; seconds < 250_000_000_000n; seconds += 987_654_321n) {
    const { abs_before } = shown(before(seconds)) as { abs_before: string };
    assert.equal(abs_before, new Date(Number(seconds) * 1000).toISOString().replace(".000Z", "Z"));
  }
});
