/** Effects of contract calls and of changes of entries' lifetime. */

import { LedgerEntryType } from "../../gen/xdr/ledger-entry-type.ts";
import { amountText } from "../../stellar/amount.ts";
import { type AssetTransfer, assetTransfers } from "../../stellar/asset-events.ts";
import type { AssetBook } from "../../stellar/asset.ts";
import type { AppliedOperation } from "../../stellar/transaction-operations.ts";
import { assetDetails, type EffectDetails, type EffectList } from "./effect-list.ts";

/** Effects follow from the events of the assets' contracts alone. */
export function invokeHostFunction(
  list: EffectList,
  applied: AppliedOperation,
  assets: AssetBook,
): void {
  for (const transfer of assetTransfers(applied, assets)) {
    const { from, to } = transfer;
    if (from !== null) balanceEffect(list, applied, transfer, from, "debited");
    if (to !== null) balanceEffect(list, applied, transfer, to, "credited");
  }
}

/** An effect on a contract is one on the account that called it. */
function balanceEffect(
  list: EffectList,
  applied: AppliedOperation,
  { topic, asset, amount }: AssetTransfer,
  address: string,
  change: "credited" | "debited",
): void {
  const details: EffectDetails = {
    ...assetDetails(asset),
    contract_event_type: topic,
    amount: amountText(BigInt(amount)),
  };
  if (address.startsWith("G")) list.add(address, `account_${change}`, details);
  else list.addMuxed(applied.source, `contract_${change}`, { ...details, contract: address });
}

export function extendFootprintTtl(list: EffectList, applied: AppliedOperation): void {
  const op = applied.need(applied.operation.body.extendFootprintTtlOp, "extension");
  const details = { entries: lifetimesChanged(applied), extend_to: op.extendTo };
  list.addMuxed(applied.source, "extend_footprint_ttl", details);
}

export function restoreFootprint(list: EffectList, applied: AppliedOperation): void {
  list.addMuxed(applied.source, "restore_footprint", { entries: lifetimesChanged(applied) });
}

/** Keys of the lifetimes that changed, base64 XDR: type and hash of the entry's own key. */
function lifetimesChanged({ changes }: AppliedOperation): string[] {
  const type = Buffer.of(0, 0, 0, LedgerEntryType.ttl);
  return changes.flatMap(({ after }) => {
    const hash = after?.data.ttl?.keyHash;
    return hash === undefined ? [] : [Buffer.concat([type, hash]).toString("base64")];
  });
}
