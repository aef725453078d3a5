import assert from "node:assert/strict";
import { test } from "node:test";
import { StrKey } from "@stellar/stellar-sdk";
import { SignerKeyView } from "../gen/xdr/signer-key.ts";
import { signerAddress } from "./signer.ts";
import { XdrBytes } from "./xdr/xdr-bytes.ts";

const key = Buffer.alloc(32, 7);

function signer(type: number, ...rest: Uint8Array[]): string {
  const xdr = new XdrBytes(Buffer.concat([Buffer.from([0, 0, 0, type]), ...rest]));
  return signerAddress(new SignerKeyView(xdr));
}

test("signers are those of the SDK", () => {
  assert.equal(signer(0, key), StrKey.encodeEd25519PublicKey(key));
  assert.equal(signer(1, key), StrKey.encodePreAuthTx(key));
  assert.equal(signer(2, key), StrKey.encodeSha256Hash(key));
  const payload = Buffer.concat([key, Buffer.from([0, 0, 0, 3, 1, 2, 3, 0])]);
  assert.equal(signer(3, payload), StrKey.encodeSignedPayload(payload));
});
