/** Writes a stretch of the sandbox's chain as a lake (SEP-54). */

import type { Config } from "../../gen/config/sandbox.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import { batchSpan, DEFAULT_LAYOUT } from "../galexie/lake-layout.ts";
import { createLakeWriter } from "../galexie/lake-writer.ts";
import { sandboxNetwork } from "./network.ts";
import { networkOptions } from "./options.ts";

export interface LakeRequest {
  /** The network; its own bounds do not count here. */
  readonly config: Config;
  /** At least so many ledgers, from the first one of the network on. */
  readonly ledgers: number;
  /** Ledgers in one object. */
  readonly ledgersPerBatch: number;
  /** Objects in one partition folder; 0 or 1: no folders. */
  readonly batchesPerPartition: number;
  readonly onLedger?: (sequence: number) => void;
}

export interface WrittenLake {
  readonly first: number;
  /** Beyond what was asked for where that ends inside an object: only whole objects are written. */
  readonly last: number;
  /** XDR before compression. */
  readonly bytes: number;
}

/**
 * Writing the same request again writes the same objects. Throws `lake/wrong-ledger` when the
 * network's first ledger does not begin an object.
 */
export async function writeLake(store: ObjectStore, request: LakeRequest): Promise<WrittenLake> {
  const { config, ledgers, ledgersPerBatch, batchesPerPartition } = request;
  const writer = await createLakeWriter(store, {
    network: config.network_passphrase,
    ledgersPerBatch,
    batchesPerPartition,
  });
  const first = config.start_ledger;
  const { last } = batchSpan({ ...DEFAULT_LAYOUT, ledgersPerBatch }, first + ledgers - 1);
  const network = sandboxNetwork(networkOptions(config));
  let bytes = 0;
  for (let sequence = first; sequence <= last; sequence++) {
    const ledger = network.next().encode();
    bytes += ledger.length;
    await writer.write(ledger);
    request.onLedger?.(sequence);
  }
  return { first, last, bytes };
}
