/** Effects on an account's options, signers, data and sequence number. */

import type { AccountEntryView } from "../../gen/xdr/account-entry.ts";
import { accountAddress } from "../../stellar/address.ts";
import { signerWeights } from "../../stellar/account-signers.ts";
import type { AppliedOperation } from "../../stellar/transaction-operations.ts";
import { wholeNumber } from "../whole-number.ts";
import type { EffectDetails, EffectList } from "./effect-list.ts";
import type { EffectName } from "./effect-types.ts";

const ACCOUNT_FLAGS = [
  [1, "auth_required_flag"],
  [2, "auth_revocable_flag"],
  [4, "auth_immutable_flag"],
  [8, "auth_clawback_enabled_flag"],
] as const;

export function setOptions(list: EffectList, applied: AppliedOperation): void {
  const op = applied.need(applied.operation.body.setOptionsOp, "options");
  const { source } = applied;
  const { homeDomain, inflationDest } = op;
  if (homeDomain !== null) {
    list.addMuxed(source, "account_home_domain_updated", { home_domain: homeDomain });
  }
  const thresholds: EffectDetails = {};
  if (op.lowThreshold !== null) thresholds["low_threshold"] = op.lowThreshold;
  if (op.medThreshold !== null) thresholds["med_threshold"] = op.medThreshold;
  if (op.highThreshold !== null) thresholds["high_threshold"] = op.highThreshold;
  addUnlessEmpty(list, applied, "account_thresholds_updated", thresholds);
  const flags: EffectDetails = {};
  for (const [flag, name] of ACCOUNT_FLAGS) {
    if (((op.setFlags ?? 0) & flag) !== 0) flags[name] = true;
    if (((op.clearFlags ?? 0) & flag) !== 0) flags[name] = false;
  }
  addUnlessEmpty(list, applied, "account_flags_updated", flags);
  if (inflationDest !== null) {
    const destination = accountAddress(inflationDest.xdr, inflationDest.offset);
    const details = { inflation_destination: destination };
    list.addMuxed(source, "account_inflation_destination_updated", details);
  }
  signerEffects(list, applied);
}

function addUnlessEmpty(
  list: EffectList,
  applied: AppliedOperation,
  name: EffectName,
  details: EffectDetails,
): void {
  if (Object.keys(details).length > 0) list.addMuxed(applied.source, name, details);
}

/** Signers that went or changed, then those that came, each in the order of their addresses. */
function signerEffects(list: EffectList, { changes, source }: AppliedOperation): void {
  for (const { before, after } of changes) {
    const was = before?.data.account;
    const is = after?.data.account;
    if (was === undefined || is === undefined) continue;
    const old = allWeights(was);
    const now = allWeights(is);
    for (const signer of [...old.keys()].sort()) {
      const weight = now.get(signer);
      if (weight === undefined) list.addMuxed(source, "signer_removed", { public_key: signer });
      else if (weight !== old.get(signer)) {
        list.addMuxed(source, "signer_updated", { public_key: signer, weight });
      }
    }
    for (const signer of [...now.keys()].sort()) {
      const weight = now.get(signer);
      if (old.has(signer) || weight === undefined) continue;
      list.addMuxed(source, "signer_created", { public_key: signer, weight });
    }
  }
}

/** With the account's own key, unless it weighs nothing. */
function allWeights(account: AccountEntryView): ReadonlyMap<string, number> {
  const weights = signerWeights(account);
  const own = account.thresholds[0] ?? 0;
  if (own > 0) weights.set(accountAddress(account.xdr, account.accountIdOffset), own);
  return weights;
}

export function manageData(list: EffectList, applied: AppliedOperation): void {
  const op = applied.need(applied.operation.body.manageDataOp, "data");
  const change = applied.changes.find(({ before, after }) =>
    (after ?? before)?.data.data !== undefined
  );
  if (change === undefined) return;
  const value = change.after?.data.data?.dataValue;
  const name = change.before === undefined
    ? "data_created"
    : change.after === undefined
    ? "data_removed"
    : "data_updated";
  list.addMuxed(applied.source, name, {
    name: op.dataName,
    ...(value === undefined ? {} : { value: Buffer.from(value).toString("base64") }),
  });
}

export function bumpSequence(list: EffectList, { changes, source }: AppliedOperation): void {
  const change = changes.find(({ after }) => after?.data.account !== undefined);
  const was = change?.before?.data.account?.seqNum;
  const is = change?.after?.data.account?.seqNum;
  if (was === undefined || is === undefined || was === is) return;
  list.addMuxed(source, "sequence_bumped", { new_seq: wholeNumber(is) });
}
