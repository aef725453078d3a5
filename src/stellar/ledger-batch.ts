/** A raw ledger as a batch: what every Stellar source emits and every ledger processor takes. */

import { ledgerEvent } from "../events/ledger.ts";
import type { Batch } from "../flow/batch.ts";
import { readLedgerHeader } from "./ledger-header.ts";
import { networkTag } from "./networks.ts";

export interface RawLedger {
  /** Id of the source component. */
  readonly source: string;
  /** Network passphrase. */
  readonly network: string;
  /** The LedgerCloseMeta, XDR. Not copied: it must not change afterwards. */
  readonly bytes: Uint8Array;
}

/**
 * The batch of one ledger; sequence and close time come from the bytes.
 * Throws `xdr/malformed` or `xdr/unknown-arm` when they hold no ledger.
 */
export function ledgerBatch({ source, network, bytes }: RawLedger): Batch {
  const { sequence, closedAt } = readLedgerHeader(bytes);
  const row = {
    event_id: `${networkTag(network)}-${sequence}`,
    sequence: BigInt(sequence),
    ledger_close_meta_xdr: bytes,
    network,
    closed_at: closedAt,
  };
  return {
    source,
    sequence,
    network,
    closedAt,
    groups: [{ type: ledgerEvent, rows: [row] }],
    bytes: bytes.byteLength,
  };
}

/** The LedgerCloseMeta of a batch; undefined when it carries none. */
export function ledgerBytes(batch: Batch): Uint8Array | undefined {
  for (const group of batch.groups) {
    if (group.type.name !== ledgerEvent.name) continue;
    const bytes = group.rows[0]?.["ledger_close_meta_xdr"];
    if (bytes instanceof Uint8Array) return bytes;
  }
  return undefined;
}
