/** What a contract call moved of assets, from the events of the assets' own contracts. */

import type { AssetBook, KnownAsset } from "./asset.ts";
import { ContractEventParts, findEvents } from "./contract-events.ts";
import { readTokenEvent } from "./token-event.ts";
import type { AppliedOperation } from "./transaction-operations.ts";
import type { Transfer } from "./transfer.ts";

export interface AssetTransfer extends Transfer {
  readonly asset: KnownAsset;
}

const META_V4 = 4;

/**
 * None when the transaction failed. As in Hubble, mints and clawbacks are missing since protocol
 * 23, when their events lost the admin as a topic (CAP-67): its parser still wants it.
 */
export function assetTransfers(
  { of: { transaction, successful }, index }: AppliedOperation,
  assets: AssetBook,
): readonly AssetTransfer[] {
  if (!successful) return [];
  const { version, operations } = findEvents(transaction);
  const transfers: AssetTransfer[] = [];
  for (const offset of operations[index] ?? []) {
    const event = new ContractEventParts(transaction.xdr, offset);
    const transfer = readTokenEvent(event, version, assets);
    if (transfer === undefined) continue;
    const { asset, topic } = transfer;
    if (asset === undefined) continue;
    if (version >= META_V4 && (topic === "mint" || topic === "clawback")) continue;
    transfers.push({ ...transfer, asset });
  }
  return transfers;
}
