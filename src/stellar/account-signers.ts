/** What an account's entry says of its signers. */

import type { AccountEntryView } from "../gen/xdr/account-entry.ts";
import { accountAddress } from "./address.ts";
import { signerAddress } from "./signer.ts";

/** Weights by signer, without the account's own key. */
export function signerWeights(account: AccountEntryView): Map<string, number> {
  const weights = new Map<string, number>();
  for (const { key, weight } of account.signers) weights.set(signerAddress(key), weight);
  return weights;
}

/** Sponsors by signer (CAP-33); a signer that nobody sponsors is missing. */
export function signerSponsors(account: AccountEntryView): Map<string, string> {
  const sponsors = new Map<string, string>();
  const ids = account.ext.v1?.ext.v2?.signerSponsoringIDs.toArray();
  if (ids === undefined) return sponsors;
  for (const [index, { key }] of account.signers.toArray().entries()) {
    const id = ids[index];
    if (id !== undefined && id !== null) {
      sponsors.set(signerAddress(key), accountAddress(id.xdr, id.offset));
    }
  }
  return sponsors;
}
