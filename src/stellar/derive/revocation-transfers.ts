/**
 * Revoking the trustline of an account that has a share in a liquidity pool redeems the share: for
 * each asset the pool pays into a claimable balance, or burns what the account itself has issued
 * (CAP-38). Which balance came from which pool follows from how their ids are made.
 */

import { hash } from "node:crypto";
import { EnvelopeType } from "../../gen/xdr/envelope-type.ts";
import type { ClaimableBalanceEntryView } from "../../gen/xdr/claimable-balance-entry.ts";
import { claimableBalanceAddress } from "../address.ts";
import { decodeStrkey, StrkeyVersion } from "../strkey.ts";
import type { Transfer } from "../transfer.ts";
import type { OperationScope } from "./operation-scope.ts";
import { type PoolChange, poolChanges, type PoolReserve } from "./pool-transfers.ts";

export function revocationTransfers(scope: OperationScope): readonly Transfer[] {
  const pools = poolChanges(scope);
  if (pools.length === 0) return [];
  const balances = createdBalances(scope);
  return pools.flatMap((pool) => redeemed(scope, pool, balances));
}

function redeemed(
  scope: OperationScope,
  pool: PoolChange,
  balances: ReadonlyMap<string, ClaimableBalanceEntryView>,
): Transfer[] {
  const paid: Transfer[] = [];
  const burned: Transfer[] = [];
  for (const reserve of pool.reserves) {
    const balance = balances.get(balanceId(scope, pool, reserve));
    if (balance === undefined) {
      burned.push(burn(pool, reserve));
      continue;
    }
    const address = claimableBalanceAddress(balance.xdr, balance.balanceIdOffset);
    paid.push(
      scope.move(reserve.asset, pool.party, { address, id: undefined }, balance.amount, false),
    );
  }
  // Without any balance the pool was empty, and nothing moved.
  return paid.length === 0 ? [] : [...paid, ...burned];
}

function burn({ party }: PoolChange, { asset, moved }: PoolReserve): Transfer {
  return {
    topic: "burn",
    from: party.address,
    to: null,
    asset,
    contract: asset.contract,
    amount: String(moved),
    toMuxedId: undefined,
  };
}

function createdBalances(scope: OperationScope): Map<string, ClaimableBalanceEntryView> {
  const balances = new Map<string, ClaimableBalanceEntryView>();
  for (const { before, after } of scope.changes()) {
    const balance = before === undefined ? after?.claimableBalance : undefined;
    const id = balance?.balanceId.v0;
    if (balance !== undefined && id !== undefined) balances.set(hex(id), balance);
  }
  return balances;
}

/** SHA-256 of the HashIDPreimage of type POOL_REVOKE_OP_ID, with the transaction's own source. */
function balanceId(scope: OperationScope, { id }: PoolChange, { view }: PoolReserve): string {
  const account = decodeStrkey(StrkeyVersion.account, scope.parts.source.account);
  const asset = view.toXdr();
  const bytes = new Uint8Array(4 + 4 + 32 + 8 + 4 + 32 + asset.length);
  const numbers = new DataView(bytes.buffer);
  numbers.setInt32(0, EnvelopeType.envelopeTypePoolRevokeOpId);
  bytes.set(account ?? [], 8);
  numbers.setBigInt64(40, scope.parts.seqNum);
  numbers.setUint32(48, scope.index);
  bytes.set(id, 52);
  bytes.set(asset, 84);
  return hash("sha256", bytes, "hex");
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}
