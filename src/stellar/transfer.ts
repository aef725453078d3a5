/** A movement of a token (CAP-67), however it was found. */

import type { KnownAsset } from "./asset.ts";

export type TransferTopic = "transfer" | "mint" | "burn" | "clawback" | "fee";

export interface Transfer {
  readonly topic: TransferTopic;
  readonly from: string | null;
  readonly to: string | null;
  /** Undefined: a contract token that stands for no asset. */
  readonly asset: KnownAsset | undefined;
  readonly contract: string;
  /** Digits of the amount in the smallest unit. */
  readonly amount: string;
  /** Id that the payment carries for its recipient; 0 for text or bytes. */
  readonly toMuxedId: bigint | undefined;
}
