/** Operations on trustlines. */

import type { LiquidityPoolParametersView } from "../../gen/xdr/liquidity-pool-parameters.ts";
import { accountAddress } from "../../stellar/address.ts";
import { amountText } from "../../stellar/amount.ts";
import { assetOfCode, ledgerAsset } from "../../stellar/ledger-asset.ts";
import { poolIdOf } from "../../stellar/pool-id.ts";
import { encodeStrkey, StrkeyVersion } from "../../stellar/strkey.ts";
import type { AppliedOperation } from "../../stellar/transaction-operations.ts";
import { addAccount, addAsset, addAssetAt, addFlags, type Details } from "./detail-parts.ts";

/** TrustLineFlags. */
const AUTHORIZED = 1;
const MAINTAIN_LIABILITIES = 2;
const CLAWBACK_ENABLED = 4;

const TRUSTLINE_FLAGS = [
  [AUTHORIZED, "authorized"],
  [MAINTAIN_LIABILITIES, "authorized_to_maintain_liabilities"],
  [CLAWBACK_ENABLED, "clawback_enabled"],
] as const;

export function changeTrust(details: Details, applied: AppliedOperation): void {
  const op = applied.need(applied.operation.body.changeTrustOp, "trustline");
  const pool = op.line.liquidityPool;
  if (pool !== undefined) addPool(details, pool);
  else {
    const asset = ledgerAsset(op.xdr, op.lineOffset);
    addAsset(details, asset);
    details["trustee"] = asset.issuer;
  }
  addAccount(details, applied.source, "trustor");
  details["limit"] = amountText(op.limit);
}

function addPool(details: Details, parameters: LiquidityPoolParametersView): void {
  const id = poolIdOf(parameters);
  details["asset_type"] = "liquidity_pool_shares";
  details["liquidity_pool_id"] = Buffer.from(id).toString("hex");
  details["liquidity_pool_id_strkey"] = encodeStrkey(StrkeyVersion.liquidityPool, id);
}

export function allowTrust(details: Details, applied: AppliedOperation): void {
  const op = applied.need(applied.operation.body.allowTrustOp, "trustline");
  const code = applied.need(op.asset.assetCode4 ?? op.asset.assetCode12, "asset code");
  addAsset(details, assetOfCode(code, applied.source.account));
  addAccount(details, applied.source, "trustee");
  details["trustor"] = accountAddress(op.xdr, op.trustorOffset);
  details["authorize"] = (op.authorize & AUTHORIZED) !== 0;
  if ((op.authorize & MAINTAIN_LIABILITIES) !== 0) {
    details["authorize_to_maintain_liabilities"] = true;
  }
  if ((op.authorize & CLAWBACK_ENABLED) !== 0) details["clawback_enabled"] = true;
}

export function setTrustLineFlags(details: Details, applied: AppliedOperation): void {
  const op = applied.need(applied.operation.body.setTrustLineFlagsOp, "trustline");
  details["trustor"] = accountAddress(op.xdr, op.trustorOffset);
  addAssetAt(details, op.asset);
  if (op.setFlags > 0) addFlags(details, "set", op.setFlags, TRUSTLINE_FLAGS);
  if (op.clearFlags > 0) addFlags(details, "clear", op.clearFlags, TRUSTLINE_FLAGS);
}
