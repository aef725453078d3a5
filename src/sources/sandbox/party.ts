/** Who signs in the sandbox: accounts whose keys follow from the seed. */

import { createPrivateKey, createPublicKey, sign } from "node:crypto";
import { StrKey, type xdr } from "@stellar/stellar-sdk";
import { concat, sha256, utf8 } from "./bytes.ts";

export interface Party {
  /** Unique in the network: "user-17", "issuer-0". */
  readonly name: string;
  readonly publicKey: Uint8Array;
  /** The account as a G address. */
  readonly address: string;
  readonly accountId: xdr.AccountIdWire;
  /** Ed25519, which has one signature for a key and a message (RFC 8032): no chance in it. */
  sign(message: Uint8Array): Uint8Array;
}

/** What precedes the 32 bytes of an Ed25519 secret in PKCS #8 (RFC 8410, section 7). */
const PKCS8_PREFIX = Uint8Array.from([
  ...[0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06],
  ...[0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20],
]);
const PUBLIC_KEY_BYTES = 32;

export function party(seed: string, name: string): Party {
  const secret = sha256(utf8(`flowctl sandbox key/${seed}/${name}`));
  const privateKey = createPrivateKey({
    key: Buffer.from(concat([PKCS8_PREFIX, secret])),
    format: "der",
    type: "pkcs8",
  });
  const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  const publicKey = Uint8Array.from(spki.subarray(-PUBLIC_KEY_BYTES));
  return {
    name,
    publicKey,
    address: StrKey.encodeEd25519PublicKey(publicKey),
    accountId: { type: 0, ed25519: publicKey },
    sign: (message) => Uint8Array.from(sign(null, message, privateKey)),
  };
}
