/** Operations that change an account itself, its data or its signers. */

import { accountAddress, claimableBalanceAddress } from "../../stellar/address.ts";
import type { LedgerKeyView } from "../../gen/xdr/ledger-key.ts";
import { ledgerAsset } from "../../stellar/ledger-asset.ts";
import { signerAddress } from "../../stellar/signer.ts";
import type { AppliedOperation } from "../../stellar/transaction-operations.ts";
import { wholeNumber } from "../whole-number.ts";
import { addAccount, addAccountAt, addFlags, type Details } from "./detail-parts.ts";

const ACCOUNT_FLAGS = [
  [1, "auth_required"],
  [2, "auth_revocable"],
  [4, "auth_immutable"],
  [8, "auth_clawback_enabled"],
] as const;

export function setOptions(details: Details, applied: AppliedOperation): void {
  const op = applied.need(applied.operation.body.setOptionsOp, "options");
  const { inflationDest, setFlags, clearFlags, homeDomain, signer } = op;
  if (inflationDest !== null) {
    details["inflation_dest"] = accountAddress(inflationDest.xdr, inflationDest.offset);
  }
  if (setFlags !== null && setFlags > 0) addFlags(details, "set", setFlags, ACCOUNT_FLAGS);
  if (clearFlags !== null && clearFlags > 0) addFlags(details, "clear", clearFlags, ACCOUNT_FLAGS);
  const numbers = {
    master_key_weight: op.masterWeight,
    low_threshold: op.lowThreshold,
    med_threshold: op.medThreshold,
    high_threshold: op.highThreshold,
  };
  for (const [name, value] of Object.entries(numbers)) if (value !== null) details[name] = value;
  if (homeDomain !== null) details["home_domain"] = homeDomain;
  if (signer !== null) {
    details["signer_key"] = signerAddress(signer.key);
    details["signer_weight"] = signer.weight;
  }
}

export function accountMerge(details: Details, applied: AppliedOperation): void {
  const into = applied.need(applied.operation.body.destination, "destination");
  addAccount(details, applied.source, "account");
  addAccountAt(details, into, "into");
}

export function manageData(details: Details, applied: AppliedOperation): void {
  const op = applied.need(applied.operation.body.manageDataOp, "data");
  details["name"] = op.dataName;
  const value = op.dataValue;
  details["value"] = value === null ? null : Buffer.from(value).toString("base64");
}

export function bumpSequence(details: Details, applied: AppliedOperation): void {
  const op = applied.need(applied.operation.body.bumpSequenceOp, "sequence number");
  details["bump_to"] = String(op.bumpTo);
}

export function beginSponsoring(details: Details, applied: AppliedOperation): void {
  const { body } = applied.operation;
  const op = applied.need(body.beginSponsoringFutureReservesOp, "sponsored account");
  details["sponsored_id"] = accountAddress(op.xdr, op.sponsoredIdOffset);
}

/** Names who began what ends here; in a failed transaction that may not be so. */
export function endSponsoring(details: Details, applied: AppliedOperation): void {
  const { operations, successful } = applied.of;
  if (!successful) return;
  const sponsored = applied.source.account;
  const began = operations.slice(0, applied.index).reverse().find(({ operation }) => {
    const op = operation.body.beginSponsoringFutureReservesOp;
    return op !== undefined && accountAddress(op.xdr, op.sponsoredIdOffset) === sponsored;
  });
  if (began !== undefined) addAccount(details, began.source, "begin_sponsor");
}

export function revokeSponsorship(details: Details, applied: AppliedOperation): void {
  const op = applied.need(applied.operation.body.revokeSponsorshipOp, "sponsorship");
  const { ledgerKey, signer } = op;
  if (ledgerKey !== undefined) addLedgerKey(details, ledgerKey);
  if (signer !== undefined) {
    details["signer_account_id"] = accountAddress(signer.xdr, signer.accountIdOffset);
    details["signer_key"] = signerAddress(signer.signerKey);
  }
}

function addLedgerKey(details: Details, key: LedgerKeyView): void {
  const { xdr, account, claimableBalance, data, offer, trustLine, liquidityPool } = key;
  if (account !== undefined) details["account_id"] = accountAddress(xdr, account.accountIdOffset);
  if (claimableBalance !== undefined) {
    const { balanceIdOffset: at } = claimableBalance;
    details["claimable_balance_id"] = xdr.hex(at, claimableBalance.endOffset);
    details["claimable_balance_id_strkey"] = claimableBalanceAddress(xdr, at);
  }
  if (data !== undefined) {
    details["data_account_id"] = accountAddress(xdr, data.accountIdOffset);
    details["data_name"] = data.dataName;
  }
  if (offer !== undefined) details["offer_id"] = wholeNumber(offer.offerId);
  if (trustLine !== undefined) {
    details["trustline_account_id"] = accountAddress(xdr, trustLine.accountIdOffset);
    const pool = trustLine.asset.liquidityPoolId;
    if (pool === undefined) {
      details["trustline_asset"] = ledgerAsset(xdr, trustLine.assetOffset).canonical;
    } else details["trustline_liquidity_pool_id"] = Buffer.from(pool).toString("hex");
  }
  if (liquidityPool !== undefined) {
    details["liquidity_pool_id"] = Buffer.from(liquidityPool.liquidityPoolId).toString("hex");
  }
}
