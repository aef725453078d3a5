import assert from "node:assert/strict";
import { test } from "node:test";
import { creditAsset, NATIVE } from "../src/stellar/asset.ts";
import { assetId } from "../src/stellar/asset-id.ts";
import { fingerprint64 } from "../src/stellar/farm-hash.ts";
import { goldenRows } from "./support/golden.ts";
import { skip, why } from "./support/shared.ts";

const folders = ["pubnet-lake", "pubnet-p13", "single-and-classic", "testnet-lake", "captive-core"];

test("the native asset has the number that Hubble gives it", () => {
  assert.equal(assetId(NATIVE), -5706705804583548011n);
});

test(`every asset has the number that Hubble gives it${why}`, { skip }, () => {
  let compared = 0;
  for (const row of folders.flatMap((folder) => goldenRows(folder, "assets"))) {
    const { asset_code, asset_issuer, asset_type } = row;
    const asset = asset_type === "native"
      ? NATIVE
      : creditAsset(String(asset_code), String(asset_issuer));
    assert.equal(assetId(asset), BigInt(row["asset_id"] as number | bigint), String(asset_code));
    compared++;
  }
  assert.ok(compared > 400);
});

test("texts of every length have a fingerprint of their own", () => {
  const seen = new Set<bigint>();
  for (let length = 0; length <= 300; length++) {
    const print = fingerprint64("x".repeat(length));
    assert.ok(print >= 0n && print < 2n ** 64n);
    seen.add(print);
  }
  assert.equal(seen.size, 301);
  assert.equal(fingerprint64(""), 0x9ae16a3b2f90404fn);
});
