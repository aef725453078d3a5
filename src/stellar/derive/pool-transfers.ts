/** Transfers into and out of liquidity pools: by how much their reserves changed (CAP-38). */

import type { KnownAsset } from "../asset.ts";
import type { AssetView } from "../../gen/xdr/asset.ts";
import { poolAddress } from "../address.ts";
import type { Transfer } from "../transfer.ts";
import { assetAt } from "./asset-at.ts";
import type { OperationScope, Party } from "./operation-scope.ts";

export interface PoolReserve {
  readonly view: AssetView;
  readonly asset: KnownAsset;
  /** How far the reserve moved, either way. */
  readonly moved: bigint;
}

export interface PoolChange {
  readonly party: Party;
  readonly id: Uint8Array;
  /** The pool's two assets in its own order. */
  readonly reserves: readonly [PoolReserve, PoolReserve];
}

/** The pools that the operation changed, in the order of its changes. */
export function poolChanges(scope: OperationScope): PoolChange[] {
  const found: PoolChange[] = [];
  for (const { before, after } of scope.changes()) {
    const pool = after?.liquidityPool ?? before?.liquidityPool;
    if (pool === undefined) continue;
    const was = before?.liquidityPool?.body.constantProduct;
    const is = after?.liquidityPool?.body.constantProduct;
    const { assetA, assetB } = scope.need((is ?? was)?.params, "pool");
    found.push({
      party: { address: poolAddress(pool.xdr, pool.liquidityPoolIdOffset), id: undefined },
      id: pool.liquidityPoolId,
      reserves: [
        reserve(scope, assetA, was?.reserveA, is?.reserveA),
        reserve(scope, assetB, was?.reserveB, is?.reserveB),
      ],
    });
  }
  return found;
}

function reserve(
  scope: OperationScope,
  view: AssetView,
  before = 0n,
  after = 0n,
): PoolReserve {
  const moved = after > before ? after - before : before - after;
  return { view, asset: assetAt(view, scope.assets), moved };
}

export function depositTransfers(scope: OperationScope): readonly Transfer[] {
  const { party, reserves } = onlyPool(scope);
  return reserves.map(({ asset, moved }) =>
    scope.move(asset, scope.sourceParty, party, moved, false)
  );
}

/** Rounding may leave nothing of one asset: its transfer of 0 is there all the same. */
export function withdrawTransfers(scope: OperationScope): readonly Transfer[] {
  const { party, reserves } = onlyPool(scope);
  return reserves.map(({ asset, moved }) =>
    scope.move(asset, party, scope.sourceParty, moved, true)
  );
}

function onlyPool(scope: OperationScope): PoolChange {
  return scope.need(poolChanges(scope)[0], "pool operation");
}
