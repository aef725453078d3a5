/** What an operation moved into or out of a liquidity pool (CAP-38). */

import { LedgerEntryType } from "../gen/xdr/ledger-entry-type.ts";
import type { LiquidityPoolEntryView } from "../gen/xdr/liquidity-pool-entry.ts";
import { type EntryPair, entryType } from "./entry-pairs.ts";

export interface PoolMovement {
  /** The pool as it became; as it was, when the operation removed it. */
  readonly pool: LiquidityPoolEntryView;
  /** By how much the reserves and the shares grew, in stroops. */
  readonly reserveA: bigint;
  readonly reserveB: bigint;
  readonly shares: bigint;
}

/** The first change of the pool of that id, or, without an id, of any pool. */
export function poolMovement(
  changes: readonly EntryPair[],
  id?: Uint8Array,
): PoolMovement | undefined {
  for (const { before, after } of changes) {
    const entry = after ?? before;
    if (entry === undefined || entryType(entry) !== LedgerEntryType.liquidityPool) continue;
    const was = before?.data.liquidityPool;
    const pool = after?.data.liquidityPool ?? was;
    if (pool === undefined || (id !== undefined && !same(pool.liquidityPoolId, id))) continue;
    const old = was?.body.constantProduct;
    const now = after?.data.liquidityPool?.body.constantProduct;
    return {
      pool,
      reserveA: (now?.reserveA ?? 0n) - (old?.reserveA ?? 0n),
      reserveB: (now?.reserveB ?? 0n) - (old?.reserveB ?? 0n),
      shares: (now?.totalPoolShares ?? 0n) - (old?.totalPoolShares ?? 0n),
    };
  }
  return undefined;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
