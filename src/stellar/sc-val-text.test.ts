import assert from "node:assert/strict";
import { test } from "node:test";
import { nativeToScVal, StrKey, xdr } from "@stellar/stellar-sdk";
import { ScValView } from "../gen/xdr/sc-val.ts";
import { scValArm, scValText } from "./sc-val-text.ts";
import { XdrBytes } from "./xdr/xdr-bytes.ts";

function shown(value: xdr.ScValWire): string {
  return scValText(new ScValView(new XdrBytes(xdr.ScVal.schema.encode(value))));
}

test("values as Go prints them", () => {
  const key = new Uint8Array(32).fill(7);
  const account = StrKey.encodeEd25519PublicKey(Buffer.from(key));
  const values: readonly (readonly [unknown, object, string])[] = [
    [true, {}, "true"],
    [null, {}, "(void)"],
    [-5, { type: "i32" }, "-5"],
    [2n ** 63n, { type: "u64" }, "9223372036854775808"],
    [-(2n ** 100n), { type: "i128" }, "-1267650600228229401496703205376"],
    [2n ** 200n, { type: "u256" }, String(2n ** 200n)],
    [new Uint8Array([1, 255]), {}, "01ff"],
    ["a b", { type: "string" }, "a b"],
    ["a_b", { type: "symbol" }, "a_b"],
    [account, { type: "address" }, account],
    [[1, 2], { type: "i32" }, "[1 2]"],
    [[], {}, "[]"],
  ];
  for (const [value, options, text] of values) {
    assert.equal(shown(nativeToScVal(value, options).toXdrObject()), text);
  }
});

test("maps, errors, times and keys of ledger entries", () => {
  const symbol = (text: string): xdr.ScValWire => ({ type: 15, sym: new xdr.XdrString(text) });
  const map: xdr.ScValWire = {
    type: 17,
    map: [{ key: symbol("a"), val: { type: 16, vec: [symbol("b")] } }, {
      key: symbol("c"),
      val: { type: 3, u32: 4 },
    }],
  };
  assert.equal(shown(map), "[{a [b]} {c 4}]");
  assert.equal(
    shown({ type: 2, error: { type: 0, contractCode: 9 } }),
    "ScErrorTypeSceContract(9)",
  );
  assert.equal(
    shown({ type: 2, error: { type: 1, code: 0 } }),
    "ScErrorTypeSceWasmVm(ScErrorCodeScecArithDomain)",
  );
  assert.equal(shown({ type: 7, timepoint: 1_707_246_039n }), "2024-02-06 19:00:39 +0000 UTC");
  assert.equal(shown({ type: 20 }), "(LedgerKeyContractInstance)");
  assert.equal(shown({ type: 21, nonceKey: { nonce: 255n } }), "{FF}");
  const instance: xdr.ScValWire = {
    type: 19,
    instance: { executable: { type: 1 }, storage: [{ key: symbol("k"), val: { type: 1 } }] },
  };
  assert.equal(shown(instance), "(StellarAssetContract): [{k (void)}]");
});

test("types are called as Go's arms, those without a value not at all", () => {
  assert.deepEqual([0, 1, 8, 14, 18].map(scValArm), ["B", "", "Duration", "Str", "Address"]);
});
