/** The unified events of CAP-67: what says that a balance moved. */

import type { xdr } from "@stellar/stellar-sdk";
import type { NativeAsset, SandboxAsset } from "./asset.ts";
import type { Party } from "./party.ts";
import { contractEvent, type ScVal, scval } from "./wire.ts";

export type Memo = xdr.MemoWire;
export type ContractEvent = xdr.ContractEventWire;

/** Who receives: an account, perhaps with the id of a muxed address. */
export interface Receiver {
  readonly party: Party;
  readonly muxedId?: bigint | undefined;
}

/** The part of a movement that tells the receiver whom it is for (CAP-67, "muxed information"). */
function muxedInformation(to: Receiver, memo: Memo): ScVal | undefined {
  if (to.muxedId !== undefined) return scval.u64(to.muxedId);
  switch (memo.type) {
    case 0:
      return undefined;
    case 1:
      return { type: 14, str: memo.text };
    case 2:
      return scval.u64(memo.id);
    case 3:
      return scval.bytes(memo.hash);
    case 4:
      return scval.bytes(memo.retHash);
  }
}

function amountData(amount: bigint, to: Receiver, memo: Memo | undefined): ScVal {
  const information = memo === undefined ? undefined : muxedInformation(to, memo);
  if (information === undefined) return scval.i128(amount);
  return scval.map({ amount: scval.i128(amount), to_muxed_id: information });
}

/**
 * An amount that goes from one account to another: a mint when the issuer sends, a burn when it
 * receives, else a transfer. Without `memo` the event carries no muxed information.
 */
export function movement(
  asset: SandboxAsset,
  from: Party,
  to: Receiver,
  amount: bigint,
  memo?: Memo,
): ContractEvent {
  const target = scval.account(to.party);
  if (asset.kind === "credit" && asset.issuer === to.party && from !== to.party) {
    const topics = [scval.symbol("burn"), scval.account(from), asset.name];
    return contractEvent(asset.contractId, topics, scval.i128(amount));
  }
  if (asset.kind === "credit" && asset.issuer === from && from !== to.party) {
    const topics = [scval.symbol("mint"), target, asset.name];
    return contractEvent(asset.contractId, topics, amountData(amount, to, memo));
  }
  const topics = [scval.symbol("transfer"), scval.account(from), target, asset.name];
  return contractEvent(asset.contractId, topics, amountData(amount, to, memo));
}

/** A transfer that a contract takes part in. */
export function assetEvent(
  asset: SandboxAsset,
  { from, to }: { readonly from: ScVal; readonly to: ScVal },
  amount: bigint,
): ContractEvent {
  const topics = [scval.symbol("transfer"), from, to, asset.name];
  return contractEvent(asset.contractId, topics, scval.i128(amount));
}

/** A fee that was charged; negative when part of it is given back. */
export function feeEvent(native: NativeAsset, from: Party, amount: bigint): ContractEvent {
  const topics = [scval.symbol("fee"), scval.account(from)];
  return contractEvent(native.contractId, topics, scval.i128(amount));
}
