/** The answers that are read, as far as they are read (Stellar RPC's OpenRPC document). */

import * as v from "valibot";

const sequence = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2 ** 32 - 1));

export const Health = v.object({
  latestLedger: sequence,
  oldestLedger: sequence,
});

export const Network = v.object({
  passphrase: v.string(),
});

export const LedgersPage = v.object({
  ledgers: v.nullish(
    v.array(v.object({
      hash: v.string(),
      sequence,
      /** LedgerHeaderHistoryEntry, base64. */
      headerXdr: v.optional(v.string()),
      /** LedgerCloseMeta, base64. */
      metadataXdr: v.string(),
    })),
    [],
  ),
  latestLedger: sequence,
  oldestLedger: v.optional(sequence),
  cursor: v.optional(v.string()),
});

export type Health = v.InferOutput<typeof Health>;
export type LedgersPage = v.InferOutput<typeof LedgersPage>;
export type RpcLedger = LedgersPage["ledgers"][number];
