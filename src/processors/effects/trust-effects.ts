/** Effects on trustlines. */

import { AssetType } from "../../gen/xdr/asset-type.ts";
import type { LiquidityPoolParametersView } from "../../gen/xdr/liquidity-pool-parameters.ts";
import { accountAddress } from "../../stellar/address.ts";
import { amountText } from "../../stellar/amount.ts";
import { assetOfCode, type LedgerAsset, ledgerAsset } from "../../stellar/ledger-asset.ts";
import { poolIdOf } from "../../stellar/pool-id.ts";
import { encodeStrkey, StrkeyVersion } from "../../stellar/strkey.ts";
import type { AppliedOperation } from "../../stellar/transaction-operations.ts";
import { assetDetails, type EffectDetails, type EffectList, hex } from "./effect-list.ts";
import { poolRevoked } from "./pool-effects.ts";

/** TrustLineFlags; the second name is misspelt in Horizon and Hubble. */
const AUTHORIZED = 1;
const MAINTAIN_LIABILITIES = 2;
const TRUSTLINE_FLAGS = [
  [AUTHORIZED, "authorized_flag"],
  [MAINTAIN_LIABILITIES, "authorized_to_maintain_liabilites"],
  [4, "clawback_enabled_flag"],
] as const;

/** An account that trusts itself changes no trustline. */
export function changeTrust(list: EffectList, applied: AppliedOperation): void {
  const op = applied.need(applied.operation.body.changeTrustOp, "trustline");
  const { type, liquidityPool } = op.line;
  const change = applied.changes.find(({ before, after }) =>
    (after ?? before)?.data.trustLine?.asset.type === type
  );
  if (change === undefined) return;
  const name = change.before === undefined
    ? "trustline_created"
    : change.after === undefined
    ? "trustline_removed"
    : "trustline_updated";
  list.addMuxed(applied.source, name, {
    limit: amountText(op.limit),
    ...(type === AssetType.assetTypePoolShare && liquidityPool !== undefined
      ? shareDetails(liquidityPool)
      : assetDetails(ledgerAsset(op.xdr, op.lineOffset))),
  });
}

function shareDetails(parameters: LiquidityPoolParametersView): EffectDetails {
  const id = poolIdOf(parameters);
  return {
    asset_type: "liquidity_pool_shares",
    liquidity_pool_id: hex(id),
    liquidity_pool_id_strkey: encodeStrkey(StrkeyVersion.liquidityPool, id),
  };
}

/** Hubble has it twice: once as it was before flags were shown, once with them. */
export function allowTrust(list: EffectList, applied: AppliedOperation): void {
  const op = applied.need(applied.operation.body.allowTrustOp, "trustline");
  const code = applied.need(op.asset.assetCode4 ?? op.asset.assetCode12, "asset code");
  const asset = assetOfCode(code, applied.source.account);
  const trustor = accountAddress(op.xdr, op.trustorOffset);
  const details = { trustor, ...assetDetails(asset) };
  list.addMuxed(applied.source, "trustline_flags_updated", details);
  const { authorize } = op;
  if ((authorize & AUTHORIZED) !== 0) flagEffect(list, applied, trustor, asset, AUTHORIZED, 0);
  else if ((authorize & MAINTAIN_LIABILITIES) !== 0) {
    flagEffect(list, applied, trustor, asset, MAINTAIN_LIABILITIES, 0);
  } else flagEffect(list, applied, trustor, asset, 0, AUTHORIZED | MAINTAIN_LIABILITIES);
  poolRevoked(list, applied);
}

export function setTrustLineFlags(list: EffectList, applied: AppliedOperation): void {
  const op = applied.need(applied.operation.body.setTrustLineFlagsOp, "trustline");
  const trustor = accountAddress(op.xdr, op.trustorOffset);
  const asset = ledgerAsset(op.xdr, op.assetOffset);
  flagEffect(list, applied, trustor, asset, op.setFlags, op.clearFlags);
  poolRevoked(list, applied);
}

function flagEffect(
  list: EffectList,
  applied: AppliedOperation,
  trustor: string,
  asset: LedgerAsset,
  set: number,
  cleared: number,
): void {
  const details: EffectDetails = { trustor, ...assetDetails(asset) };
  for (const [flag, name] of TRUSTLINE_FLAGS) {
    if ((set & flag) !== 0) details[name] = true;
    if ((cleared & flag) !== 0) details[name] = false;
  }
  list.addMuxed(applied.source, "trustline_flags_updated", details);
}
