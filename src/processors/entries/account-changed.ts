/** Whether a ledger changed an account itself, or its signers. */

import type { AccountEntryView } from "../../gen/xdr/account-entry.ts";
import type { LedgerEntryView } from "../../gen/xdr/ledger-entry.ts";
import { signerSponsors, signerWeights } from "../../stellar/account-signers.ts";

/** AccountEntryExtensionV1 without liabilities: what an account without any extension means. */
const NO_LIABILITIES = "\0\0\0\x01" + "\0".repeat(20);

/** Anything but its signers. */
export function accountChanged(
  before: LedgerEntryView | undefined,
  after: LedgerEntryView | undefined,
): boolean {
  if (before === undefined || after === undefined) return true;
  if (before.lastModifiedLedgerSeq !== after.lastModifiedLedgerSeq) return true;
  return textOf(before.data.account) !== textOf(after.data.account);
}

/** The entry's bytes without the signers. */
function textOf(account: AccountEntryView | undefined): string {
  if (account === undefined) return "";
  const { xdr, offset, signersOffset, extOffset, endOffset } = account;
  const extension = account.ext.v === 0 ? NO_LIABILITIES : xdr.latin1(extOffset, endOffset);
  return xdr.latin1(offset, signersOffset) + extension;
}

/** Their keys, weights or sponsors; the account's own key counts as one of them. */
export function signersChanged(
  before: AccountEntryView | undefined,
  after: AccountEntryView | undefined,
): boolean {
  if (before === undefined || after === undefined) return true;
  if (before.thresholds[0] !== after.thresholds[0]) return true;
  return !sameMap(signerWeights(before), signerWeights(after)) ||
    !sameMap(signerSponsors(before), signerSponsors(after));
}

function sameMap<T>(a: ReadonlyMap<string, T>, b: ReadonlyMap<string, T>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) if (b.get(key) !== value) return false;
  return true;
}
