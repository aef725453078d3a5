import assert from "node:assert/strict";
import { test } from "node:test";
import { MuxedAccount, StrKey } from "@stellar/stellar-sdk";
import fc from "fast-check";
import { muxedAccount, muxedAddress, scAddress } from "./address.ts";
import { XdrBytes } from "./xdr/xdr-bytes.ts";

const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
const id = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

function bytes(...parts: (number | bigint | Uint8Array)[]): XdrBytes {
  return new XdrBytes(Buffer.concat(parts.map((part) => {
    if (part instanceof Uint8Array) return part;
    const buffer = Buffer.alloc(typeof part === "bigint" ? 8 : 4);
    if (typeof part === "bigint") buffer.writeBigUInt64BE(part);
    else buffer.writeInt32BE(part);
    return buffer;
  })));
}

test("addresses of every kind are those of the SDK", () => {
  fc.assert(fc.property(key, id, (payload, number) => {
    const buffer = Buffer.from(payload);
    const account = StrKey.encodeEd25519PublicKey(buffer);
    assert.equal(scAddress(bytes(0, 0, payload), 0), account);
    assert.equal(scAddress(bytes(1, payload), 0), StrKey.encodeContract(buffer));
    assert.equal(scAddress(bytes(4, payload), 0), StrKey.encodeLiquidityPool(buffer));
    const balance = StrKey.encodeClaimableBalance(Buffer.concat([Buffer.from([0]), buffer]));
    assert.equal(scAddress(bytes(3, 0, payload), 0), balance);
    const muxed = muxedAddress(payload, number);
    assert.equal(scAddress(bytes(2, number, payload), 0), muxed);
    const decoded = MuxedAccount.fromAddress(muxed, "0");
    assert.equal(decoded.baseAccount().accountId(), account);
    assert.equal(decoded.id(), String(number));
  }));
});

test("a muxed account is its account, and its id where it has one", () => {
  fc.assert(fc.property(key, id, (payload, number) => {
    const account = StrKey.encodeEd25519PublicKey(Buffer.from(payload));
    const plain = { account, muxed: undefined, id: undefined };
    assert.deepEqual(muxedAccount(bytes(0, payload), 0), plain);
    const muxed = { account, muxed: muxedAddress(payload, number), id: number };
    assert.deepEqual(muxedAccount(bytes(0x100, number, payload), 0), muxed);
  }));
});

test("an unknown kind is an error with its byte", () => {
  assert.throws(
    () => scAddress(bytes(9, new Uint8Array(32)), 0),
    /ScAddress at byte 0 has no arm 9/,
  );
  assert.throws(() => scAddress(bytes(0, 1, new Uint8Array(32)), 0), /PublicKey at byte 4/);
  assert.throws(() => muxedAccount(bytes(1, new Uint8Array(32)), 0), /MuxedAccount at byte 0/);
  assert.throws(() => scAddress(bytes(1, new Uint8Array(31)), 0), /bytes are needed/);
});
