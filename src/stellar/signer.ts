/** Signers that are more than an account's own key, as text (SEP-23). */

import type { SignerKeyView } from "../gen/xdr/signer-key.ts";
import { encodeStrkey, StrkeyVersion } from "./strkey.ts";
import { malformed } from "./xdr/xdr-bytes.ts";

/** G, T, X or P, as the kind of key says. */
export function signerAddress(key: SignerKeyView): string {
  const { ed25519, preAuthTx, hashX, ed25519SignedPayload } = key;
  if (ed25519 !== undefined) return encodeStrkey(StrkeyVersion.account, ed25519);
  if (preAuthTx !== undefined) return encodeStrkey(StrkeyVersion.preAuthTx, preAuthTx);
  if (hashX !== undefined) return encodeStrkey(StrkeyVersion.sha256Hash, hashX);
  // A signed payload's address has its key, length and payload: its XDR.
  if (ed25519SignedPayload !== undefined) {
    return encodeStrkey(StrkeyVersion.signedPayload, ed25519SignedPayload.toXdr());
  }
  throw malformed("SignerKey", key.offset, "a key of no known kind");
}
