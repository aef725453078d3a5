/** Writes a lake in the format of SEP-54, with a checksum in every object. */

import type { ObjectStore } from "../../objects/object-store.ts";
import { zstdCompress } from "../../runtime/zstd.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { readLedgerHeader } from "../../stellar/ledger-header.ts";
import { batchSpan, DEFAULT_LAYOUT, objectKey } from "./lake-layout.ts";
import {
  type Compression,
  encodeManifest,
  type LakeManifest,
  MANIFEST_KEY,
  readManifest,
} from "./lake-manifest.ts";

/** The first ledger that closes after genesis; earlier places of the first object stay empty. */
const MAX_FIRST_LEDGER = 3;

export interface LakeWriterOptions {
  /** Network passphrase. */
  readonly network: string;
  /** Default 1. */
  readonly ledgersPerBatch?: number;
  /** Default 64,000; 0 or 1: no partition folders. */
  readonly batchesPerPartition?: number;
  /** Default zstd. */
  readonly compression?: Compression;
  /** Level of zstd, 1 to 22. Default 3. */
  readonly level?: number;
}

export interface LakeWriter {
  /** Takes the next ledger's LedgerCloseMeta; an object is written when its last one has come. */
  write(bytes: Uint8Array): Promise<void>;
  /** How many ledgers wait for the rest of their object, and are not in the lake. */
  readonly waiting: number;
}

/** LedgerCloseMetaBatch, XDR. */
export function encodeBatch(first: number, ledgers: readonly Uint8Array[]): Uint8Array {
  const header = new DataView(new ArrayBuffer(12));
  header.setUint32(0, first);
  header.setUint32(4, first + ledgers.length - 1);
  header.setUint32(8, ledgers.length);
  return Buffer.concat([new Uint8Array(header.buffer), ...ledgers]);
}

/** An existing lake is continued when it is of the same kind. */
async function settleManifest(store: ObjectStore, manifest: LakeManifest): Promise<void> {
  const existing = await readManifest(store).catch((error) => {
    // A folder that is not there yet is made by the first write.
    if (error instanceof FlowctlError && error.code === "objects/rejected") return undefined;
    throw error;
  });
  if (existing === undefined) return await store.put(MANIFEST_KEY, encodeManifest(manifest));
  const [was, is] = [existing, manifest].map((each) =>
    new TextDecoder().decode(encodeManifest(each))
  );
  if (was === is) return;
  throw new FlowctlError(
    "lake/bad-manifest",
    `${store.url} is a lake of another network or layout already`,
    { hint: `Choose another place, or see its ${MANIFEST_KEY}.` },
  );
}

/**
 * Opens a lake for writing and writes its manifest. Ledgers must come without a gap and begin with
 * the first of an object, or with ledger 2 or 3 of a network.
 */
export async function createLakeWriter(
  store: ObjectStore,
  options: LakeWriterOptions,
): Promise<LakeWriter> {
  const manifest: LakeManifest = {
    network: options.network,
    compression: options.compression ?? "zstd",
    ledgersPerBatch: options.ledgersPerBatch ?? DEFAULT_LAYOUT.ledgersPerBatch,
    batchesPerPartition: options.batchesPerPartition ?? DEFAULT_LAYOUT.batchesPerPartition,
  };
  await settleManifest(store, manifest);
  const suffix = manifest.compression === "zstd" ? ".xdr.zst" : ".xdr";
  let ledgers: Uint8Array[] = [];
  let first = 0;
  let next: number | undefined;

  function assertNext(sequence: number): void {
    const start = batchSpan(manifest, sequence).first;
    const begins = sequence === start || (start === 0 && sequence <= MAX_FIRST_LEDGER);
    if (next === undefined ? begins : sequence === next) return;
    throw new FlowctlError(
      "lake/wrong-ledger",
      next === undefined
        ? `ledger ${sequence} does not begin an object of ${manifest.ledgersPerBatch} ledgers`
        : `ledger ${sequence} does not follow ledger ${next - 1}`,
      { hint: next === undefined ? `Begin with ledger ${start}.` : "Write ledgers in order." },
    );
  }

  return {
    get waiting() {
      return ledgers.length;
    },
    async write(bytes) {
      const { sequence } = readLedgerHeader(bytes);
      assertNext(sequence);
      if (ledgers.length === 0) first = sequence;
      ledgers.push(bytes);
      next = sequence + 1;
      if (sequence !== batchSpan(manifest, sequence).last) return;
      const batch = encodeBatch(first, ledgers);
      ledgers = [];
      const stored = manifest.compression === "zstd"
        ? await zstdCompress(batch, options.level)
        : batch;
      await store.put(objectKey(manifest, sequence, suffix), stored);
    },
  };
}
