import assert from "node:assert/strict";
import { test } from "node:test";
import { Asset, Networks } from "@stellar/stellar-sdk";
import fc from "fast-check";
import { createAssetBook, parseAsset } from "./asset.ts";
import { encodeStrkey, StrkeyVersion } from "./strkey.ts";

const codes = fc.stringMatching(/^[A-Za-z0-9]{1,12}$/);
const issuers = fc.uint8Array({ minLength: 32, maxLength: 32 })
  .map((key) => encodeStrkey(StrkeyVersion.account, key));

test("an asset's contract is the one that the SDK computes", () => {
  for (const network of [Networks.PUBLIC, Networks.TESTNET, "load test network"]) {
    const book = createAssetBook(network);
    assert.equal(book.native.contract, Asset.native().contractId(network));
    assert.equal(book.find("native")?.contract, Asset.native().contractId(network));
    fc.assert(
      fc.property(codes, issuers, (code, issuer) => {
        const found = book.find(`${code}:${issuer}`);
        assert.equal(found?.contract, new Asset(code, issuer).contractId(network));
        const type = code.length > 4 ? "credit_alphanum12" : "credit_alphanum4";
        assert.equal(found?.name, `${type}:${code}:${issuer}`);
      }),
      { numRuns: 30 },
    );
  }
});

test("what names no asset is none", () => {
  const issuer = encodeStrkey(StrkeyVersion.account, new Uint8Array(32));
  for (const text of ["", "XLM", "Native", ":", `USD:${issuer}x`, `US D:${issuer}`, `:${issuer}`]) {
    assert.equal(parseAsset(text), undefined, text);
  }
  assert.equal(parseAsset(`ABCDEFGHIJKLM:${issuer}`), undefined);
});
