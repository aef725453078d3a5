/** How operations ended, in the spelling of Hubble: the names of Go's constants. */

import { accountMergeResultCodeName } from "../gen/xdr/account-merge-result-code.ts";
import { allowTrustResultCodeName } from "../gen/xdr/allow-trust-result-code.ts";
import { beginSponsoringFutureReservesResultCodeName } from "../gen/xdr/begin-sponsoring-future-reserves-result-code.ts";
import { bumpSequenceResultCodeName } from "../gen/xdr/bump-sequence-result-code.ts";
import { changeTrustResultCodeName } from "../gen/xdr/change-trust-result-code.ts";
import { claimClaimableBalanceResultCodeName } from "../gen/xdr/claim-claimable-balance-result-code.ts";
import { clawbackClaimableBalanceResultCodeName } from "../gen/xdr/clawback-claimable-balance-result-code.ts";
import { clawbackResultCodeName } from "../gen/xdr/clawback-result-code.ts";
import { createAccountResultCodeName } from "../gen/xdr/create-account-result-code.ts";
import { createClaimableBalanceResultCodeName } from "../gen/xdr/create-claimable-balance-result-code.ts";
import { endSponsoringFutureReservesResultCodeName } from "../gen/xdr/end-sponsoring-future-reserves-result-code.ts";
import { extendFootprintTtlResultCodeName } from "../gen/xdr/extend-footprint-ttl-result-code.ts";
import { inflationResultCodeName } from "../gen/xdr/inflation-result-code.ts";
import { invokeHostFunctionResultCodeName } from "../gen/xdr/invoke-host-function-result-code.ts";
import { liquidityPoolDepositResultCodeName } from "../gen/xdr/liquidity-pool-deposit-result-code.ts";
import { liquidityPoolWithdrawResultCodeName } from "../gen/xdr/liquidity-pool-withdraw-result-code.ts";
import { manageBuyOfferResultCodeName } from "../gen/xdr/manage-buy-offer-result-code.ts";
import { manageDataResultCodeName } from "../gen/xdr/manage-data-result-code.ts";
import { manageSellOfferResultCodeName } from "../gen/xdr/manage-sell-offer-result-code.ts";
import { OperationResultCode, operationResultCodeName } from "../gen/xdr/operation-result-code.ts";
import type { OperationResultView } from "../gen/xdr/operation-result.ts";
import { OperationType } from "../gen/xdr/operation-type.ts";
import { pathPaymentStrictReceiveResultCodeName } from "../gen/xdr/path-payment-strict-receive-result-code.ts";
import { pathPaymentStrictSendResultCodeName } from "../gen/xdr/path-payment-strict-send-result-code.ts";
import { paymentResultCodeName } from "../gen/xdr/payment-result-code.ts";
import { restoreFootprintResultCodeName } from "../gen/xdr/restore-footprint-result-code.ts";
import { revokeSponsorshipResultCodeName } from "../gen/xdr/revoke-sponsorship-result-code.ts";
import { setOptionsResultCodeName } from "../gen/xdr/set-options-result-code.ts";
import { setTrustLineFlagsResultCodeName } from "../gen/xdr/set-trust-line-flags-result-code.ts";
import { goName } from "./go-names.ts";

type NameOf = (code: number) => string | undefined;

const T = OperationType;

/** The type of each operation's code, and what its values are called. */
const CODES: ReadonlyMap<number, readonly [string, NameOf]> = new Map<
  number,
  readonly [string, NameOf]
>([
  [T.createAccount, ["CreateAccount", createAccountResultCodeName]],
  [T.payment, ["Payment", paymentResultCodeName]],
  [
    T.pathPaymentStrictReceive,
    ["PathPaymentStrictReceive", pathPaymentStrictReceiveResultCodeName],
  ],
  [T.manageSellOffer, ["ManageSellOffer", manageSellOfferResultCodeName]],
  [T.createPassiveSellOffer, ["ManageSellOffer", manageSellOfferResultCodeName]],
  [T.setOptions, ["SetOptions", setOptionsResultCodeName]],
  [T.changeTrust, ["ChangeTrust", changeTrustResultCodeName]],
  [T.allowTrust, ["AllowTrust", allowTrustResultCodeName]],
  [T.accountMerge, ["AccountMerge", accountMergeResultCodeName]],
  [T.inflation, ["Inflation", inflationResultCodeName]],
  [T.manageData, ["ManageData", manageDataResultCodeName]],
  [T.bumpSequence, ["BumpSequence", bumpSequenceResultCodeName]],
  [T.manageBuyOffer, ["ManageBuyOffer", manageBuyOfferResultCodeName]],
  [T.pathPaymentStrictSend, ["PathPaymentStrictSend", pathPaymentStrictSendResultCodeName]],
  [T.createClaimableBalance, ["CreateClaimableBalance", createClaimableBalanceResultCodeName]],
  [T.claimClaimableBalance, ["ClaimClaimableBalance", claimClaimableBalanceResultCodeName]],
  [
    T.beginSponsoringFutureReserves,
    ["BeginSponsoringFutureReserves", beginSponsoringFutureReservesResultCodeName],
  ],
  [
    T.endSponsoringFutureReserves,
    ["EndSponsoringFutureReserves", endSponsoringFutureReservesResultCodeName],
  ],
  [T.revokeSponsorship, ["RevokeSponsorship", revokeSponsorshipResultCodeName]],
  [T.clawback, ["Clawback", clawbackResultCodeName]],
  [
    T.clawbackClaimableBalance,
    ["ClawbackClaimableBalance", clawbackClaimableBalanceResultCodeName],
  ],
  [T.setTrustLineFlags, ["SetTrustLineFlags", setTrustLineFlagsResultCodeName]],
  [T.liquidityPoolDeposit, ["LiquidityPoolDeposit", liquidityPoolDepositResultCodeName]],
  [T.liquidityPoolWithdraw, ["LiquidityPoolWithdraw", liquidityPoolWithdrawResultCodeName]],
  [T.invokeHostFunction, ["InvokeHostFunction", invokeHostFunctionResultCodeName]],
  [T.extendFootprintTtl, ["ExtendFootprintTtl", extendFootprintTtlResultCodeName]],
  [T.restoreFootprint, ["RestoreFootprint", restoreFootprintResultCodeName]],
]);

export interface ResultCodes {
  readonly result: string;
  readonly trace: string;
}

const NOT_TRIED: ResultCodes = { result: "", trace: "" };

const INNER = goName("OperationResultCode", operationResultCodeName(OperationResultCode.opInner));

/** By type of operation and by code. */
const known = new Map<number, Map<number, ResultCodes>>();

export function resultCodes(result: OperationResultView | undefined): ResultCodes {
  if (result === undefined) return NOT_TRIED;
  const tr = result.tr;
  if (tr === undefined) {
    return {
      result: goName("OperationResultCode", operationResultCodeName(result.code)),
      trace: "",
    };
  }
  const { type, xdr, offset } = tr;
  // Every kind of result starts with its code, behind the operation's type.
  const code = xdr.int32(offset + 4, "OperationResultTr");
  let byCode = known.get(type);
  if (byCode === undefined) known.set(type, byCode = new Map());
  const codes = byCode.get(code) ?? innerCodes(type, code);
  // Codes without a name are damage, of which there is any number.
  if (codes.trace !== "") byCode.set(code, codes);
  return codes;
}

function innerCodes(type: number, code: number): ResultCodes {
  const [name, nameOf] = CODES.get(type) ?? ["", () => undefined];
  const value = nameOf(code);
  return { result: INNER, trace: value === undefined ? "" : goName(`${name}ResultCode`, value) };
}
