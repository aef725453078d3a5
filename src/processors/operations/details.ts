/** The `details` of an operation: Hubble's keys and values, by operation type. */

import { OperationType } from "../../gen/xdr/operation-type.ts";
import { signerSponsors } from "../../stellar/account-signers.ts";
import type { AssetBook } from "../../stellar/asset.ts";
import { type EntryPair, sponsorOf } from "../../stellar/entry-pairs.ts";
import { signerAddress } from "../../stellar/signer.ts";
import type { AppliedOperation } from "../../stellar/transaction-operations.ts";
import * as account from "./account-details.ts";
import * as balance from "./balance-details.ts";
import type { Details } from "./detail-parts.ts";
import * as offer from "./offer-details.ts";
import * as payment from "./payment-details.ts";
import * as pool from "./pool-details.ts";
import * as soroban from "./soroban-details.ts";
import * as trust from "./trust-details.ts";

type AddDetails = (details: Details, applied: AppliedOperation, assets: AssetBook) => void;

const ADD: ReadonlyMap<number, AddDetails> = new Map<number, AddDetails>([
  [OperationType.createAccount, payment.createAccount],
  [OperationType.payment, payment.payment],
  [OperationType.pathPaymentStrictReceive, payment.pathPaymentStrictReceive],
  [OperationType.pathPaymentStrictSend, payment.pathPaymentStrictSend],
  [OperationType.manageSellOffer, offer.manageSellOffer],
  [OperationType.manageBuyOffer, offer.manageBuyOffer],
  [OperationType.createPassiveSellOffer, offer.createPassiveSellOffer],
  [OperationType.setOptions, account.setOptions],
  [OperationType.accountMerge, account.accountMerge],
  [OperationType.manageData, account.manageData],
  [OperationType.bumpSequence, account.bumpSequence],
  [OperationType.beginSponsoringFutureReserves, account.beginSponsoring],
  [OperationType.endSponsoringFutureReserves, account.endSponsoring],
  [OperationType.revokeSponsorship, account.revokeSponsorship],
  [OperationType.changeTrust, trust.changeTrust],
  [OperationType.allowTrust, trust.allowTrust],
  [OperationType.setTrustLineFlags, trust.setTrustLineFlags],
  [OperationType.createClaimableBalance, balance.createClaimableBalance],
  [OperationType.claimClaimableBalance, balance.claimClaimableBalance],
  [OperationType.clawback, balance.clawback],
  [OperationType.clawbackClaimableBalance, balance.clawbackClaimableBalance],
  [OperationType.liquidityPoolDeposit, pool.liquidityPoolDeposit],
  [OperationType.liquidityPoolWithdraw, pool.liquidityPoolWithdraw],
  [OperationType.invokeHostFunction, soroban.invokeHostFunction],
  [OperationType.extendFootprintTtl, soroban.extendFootprintTtl],
  [OperationType.restoreFootprint, soroban.restoreFootprint],
]);

/** Inflation has none. */
export function operationDetails(applied: AppliedOperation, assets: AssetBook): Details {
  const details: Details = {};
  ADD.get(applied.operation.body.type)?.(details, applied, assets);
  const sponsor = sponsorOfOperation(applied);
  if (sponsor !== undefined) details["sponsor"] = sponsor;
  return details;
}

/** Who sponsors the first entry, or the signer, that the operation made (CAP-33). */
function sponsorOfOperation(applied: AppliedOperation): string | undefined {
  const signer = applied.operation.body.setOptionsOp?.signer ?? null;
  const key = signer === null ? undefined : signerAddress(signer.key);
  for (const pair of applied.changes) {
    const sponsor = (key === undefined ? undefined : newSignerSponsor(pair, key)) ??
      (pair.before === undefined ? sponsorOf(pair.after) : undefined);
    if (sponsor !== undefined) return sponsor;
  }
  return undefined;
}

function newSignerSponsor({ before, after }: EntryPair, key: string): string | undefined {
  const account = after?.data.account;
  if (account === undefined) return undefined;
  const sponsor = signerSponsors(account).get(key);
  const old = before?.data.account;
  const former = old === undefined ? undefined : signerSponsors(old).get(key);
  return sponsor === former ? undefined : sponsor;
}
