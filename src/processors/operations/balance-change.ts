import type { Json } from "../../flow/batch.ts";
import { amountText } from "../../stellar/amount.ts";
import type { AssetTransfer } from "../../stellar/asset-events.ts";

/** One of `asset_balance_changes`. */
export function balanceChange({ topic, from, to, asset, amount }: AssetTransfer): Json {
  const { type, code, issuer } = asset;
  return {
    ...(from === null ? {} : { from }),
    ...(to === null ? {} : { to }),
    type: topic,
    amount: amountText(BigInt(amount)),
    asset_type: type,
    ...(code === null ? {} : { asset_code: code, asset_issuer: issuer }),
  };
}
