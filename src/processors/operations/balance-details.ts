/** Operations on claimable balances, and clawbacks. */

import type { Json } from "../../flow/batch.ts";
import type { ClaimantView } from "../../gen/xdr/claimant.ts";
import { accountAddress, claimableBalanceAddress } from "../../stellar/address.ts";
import { amountText } from "../../stellar/amount.ts";
import { claimPredicateJson } from "../../stellar/claim-predicate.ts";
import { ledgerAsset } from "../../stellar/ledger-asset.ts";
import type { AppliedOperation } from "../../stellar/transaction-operations.ts";
import type { XdrView } from "../../stellar/xdr/xdr-view.ts";
import { addAccount, addAccountAt, addAssetAt, type Details } from "./detail-parts.ts";

export function createClaimableBalance(details: Details, applied: AppliedOperation): void {
  const op = applied.need(applied.operation.body.createClaimableBalanceOp, "claimable balance");
  details["asset"] = ledgerAsset(op.xdr, op.assetOffset).canonical;
  details["amount"] = amountText(op.amount);
  details["claimants"] = Array.from(op.claimants, (claimant) => claimantJson(applied, claimant));
}

function claimantJson(applied: AppliedOperation, claimant: ClaimantView): Json {
  const { xdr, destinationOffset, predicate } = applied.need(claimant.v0, "claimant");
  return {
    destination: accountAddress(xdr, destinationOffset),
    predicate: claimPredicateJson(predicate),
  };
}

export function claimClaimableBalance(details: Details, applied: AppliedOperation): void {
  const op = applied.need(applied.operation.body.claimClaimableBalanceOp, "claimable balance");
  addBalanceId(details, op.balanceId);
  addAccount(details, applied.source, "claimant");
}

export function clawback(details: Details, applied: AppliedOperation): void {
  const op = applied.need(applied.operation.body.clawbackOp, "clawback");
  addAssetAt(details, op.asset);
  addAccountAt(details, op.from, "from");
  details["amount"] = amountText(op.amount);
}

export function clawbackClaimableBalance(details: Details, applied: AppliedOperation): void {
  const op = applied.need(applied.operation.body.clawbackClaimableBalanceOp, "claimable balance");
  addBalanceId(details, op.balanceId);
}

/** As hex of the id's XDR and as a B address. */
function addBalanceId(details: Details, { xdr, offset, endOffset }: XdrView): void {
  details["balance_id"] = xdr.hex(offset, endOffset);
  details["balance_id_strkey"] = claimableBalanceAddress(xdr, offset);
}
