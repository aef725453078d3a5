import assert from "node:assert/strict";
import { test } from "node:test";
import { StrKey } from "@stellar/stellar-sdk";
import fc from "fast-check";
import { addressOfKey } from "./address-cache.ts";
import { decodeStrkey, encodeStrkey, StrkeyVersion } from "./strkey.ts";
import { XdrBytes } from "./xdr/xdr-bytes.ts";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

const kinds = [
  { version: StrkeyVersion.account, length: 32, oracle: StrKey.encodeEd25519PublicKey },
  { version: StrkeyVersion.muxedAccount, length: 40, oracle: StrKey.encodeMed25519PublicKey },
  { version: StrkeyVersion.contract, length: 32, oracle: StrKey.encodeContract },
  { version: StrkeyVersion.liquidityPool, length: 32, oracle: StrKey.encodeLiquidityPool },
  { version: StrkeyVersion.claimableBalance, length: 33, oracle: StrKey.encodeClaimableBalance },
  { version: StrkeyVersion.preAuthTx, length: 32, oracle: StrKey.encodePreAuthTx },
  { version: StrkeyVersion.sha256Hash, length: 32, oracle: StrKey.encodeSha256Hash },
] as const;

test("addresses are encoded as the SDK encodes them, and decoded again", () => {
  for (const { version, length, oracle } of kinds) {
    fc.assert(fc.property(bytes(length), (payload) => {
      const address = encodeStrkey(version, payload);
      assert.equal(address, oracle(Buffer.from(payload)));
      assert.deepEqual(decodeStrkey(version, address), payload);
    }));
  }
});

test("an address with any letter changed is refused", () => {
  fc.assert(fc.property(bytes(32), fc.nat(55), fc.constantFrom(..."A7a1 é"), (key, at, letter) => {
    const address = encodeStrkey(StrkeyVersion.account, key);
    const changed = address.slice(0, at) + letter + address.slice(at + 1);
    if (changed !== address) assert.equal(decodeStrkey(StrkeyVersion.account, changed), undefined);
    assert.equal(decodeStrkey(StrkeyVersion.contract, address), undefined);
  }));
});

test("a cached address is that of its own key, whatever was asked before", () => {
  const { account, contract } = StrkeyVersion;
  const key = fc.tuple(bytes(32), fc.constantFrom(account, contract));
  fc.assert(fc.property(fc.array(key, { maxLength: 50 }), fc.nat(255), (list, alike) => {
    // Keys that differ in one byte only fall on the same place.
    const twins = list.map(([one, version]) =>
      [one.map((b, i) => i === 9 ? b ^ alike : b), version] as const
    );
    for (const [payload, version] of [...list, ...twins, ...list]) {
      const address = addressOfKey(new XdrBytes(payload), 0, version);
      assert.equal(address, encodeStrkey(version, payload));
    }
  }));
});
