/**
 * Before protocol 8 a bug let operations make and destroy lumens. CAP-67 has such a difference as a
 * mint before, or a burn after, the operation's other transfers: what its source account's balance
 * changed beyond them.
 */

import { accountAddress } from "../address.ts";
import type { Transfer } from "../transfer.ts";
import type { OperationScope } from "./operation-scope.ts";

/** First protocol without the bug. */
export const RECONCILED_BEFORE_PROTOCOL = 8;

export function reconciled(
  scope: OperationScope,
  transfers: readonly Transfer[],
): readonly Transfer[] {
  const account = scope.source.account;
  const difference = entryChange(scope, account) - transferChange(transfers, account);
  if (difference === 0n) return transfers;
  const { native } = scope.assets;
  const minted = difference > 0n;
  const correction: Transfer = {
    topic: minted ? "mint" : "burn",
    from: minted ? null : account,
    to: minted ? account : null,
    asset: native,
    contract: native.contract,
    amount: String(minted ? difference : -difference),
    toMuxedId: undefined,
  };
  return minted ? [correction, ...transfers] : [...transfers, correction];
}

function entryChange(scope: OperationScope, address: string): bigint {
  let change = 0n;
  for (const { before, after } of scope.changes()) {
    const account = (after ?? before)?.account;
    if (account === undefined || accountAddress(account.xdr, account.accountIdOffset) !== address) {
      continue;
    }
    change += (after?.account?.balance ?? 0n) - (before?.account?.balance ?? 0n);
  }
  return change;
}

function transferChange(transfers: readonly Transfer[], address: string): bigint {
  let change = 0n;
  for (const { asset, from, to, amount } of transfers) {
    if (asset?.type !== "native") continue;
    if (from === address) change -= BigInt(amount);
    if (to === address) change += BigInt(amount);
  }
  return change;
}
