/** `.config.json` at a lake's root (SEP-54). */

import * as v from "valibot";
import { isNotFound } from "../../objects/object-error.ts";
import type { ObjectStore, RequestOptions } from "../../objects/object-store.ts";
import { FlowctlError, messageOf } from "../../spec/errors.ts";
import type { LakeLayout } from "./lake-layout.ts";

export const MANIFEST_KEY = ".config.json";
export const MANIFEST_VERSION = "1.0";

const MAX_MANIFEST_BYTES = 64 * 1024;
const MAX_COUNT = 0xffffffff;

export type Compression = "zstd" | "none";

export interface LakeManifest extends LakeLayout {
  readonly network: string;
  readonly compression: Compression;
}

const count = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_COUNT));

const manifestSchema = v.object({
  networkPassphrase: v.pipe(v.string(), v.nonEmpty()),
  compression: v.optional(v.picklist(["zstd", "none", ""]), "zstd"),
  ledgersPerBatch: v.optional(v.pipe(count, v.minValue(1))),
  // The first version of Galexie that wrote a manifest called it so.
  ledgersPerFile: v.optional(v.pipe(count, v.minValue(1))),
  batchesPerPartition: v.optional(count, 1),
});

function parseManifest(text: string, url: string): LakeManifest {
  try {
    const manifest = v.parse(manifestSchema, JSON.parse(text));
    const ledgersPerBatch = manifest.ledgersPerBatch ?? manifest.ledgersPerFile;
    if (ledgersPerBatch === undefined) throw new Error("ledgersPerBatch is missing");
    return {
      network: manifest.networkPassphrase,
      compression: manifest.compression === "zstd" ? "zstd" : "none",
      ledgersPerBatch,
      batchesPerPartition: manifest.batchesPerPartition,
    };
  } catch (error) {
    throw new FlowctlError("lake/bad-manifest", `${url} is not a manifest: ${messageOf(error)}`, {
      hint: "It must hold networkPassphrase, compression, ledgersPerBatch and " +
        "batchesPerPartition, as SEP-54 says.",
    });
  }
}

/** Damage on the way is told from a wrong manifest by reading it so often, or until it stays. */
const MAX_READS = 4;

/** Undefined when the lake has none, as older lakes do not. */
export async function readManifest(
  store: ObjectStore,
  options: RequestOptions = {},
): Promise<LakeManifest | undefined> {
  let before: string | undefined;
  for (let reads = 1;; reads++) {
    const text = await readText(store, options);
    if (text === undefined) return undefined;
    try {
      return parseManifest(text, store.urlOf(MANIFEST_KEY));
    } catch (error) {
      if (text === before || reads === MAX_READS) throw error;
      before = text;
    }
  }
}

async function readText(store: ObjectStore, options: RequestOptions): Promise<string | undefined> {
  try {
    const range = { start: 0, end: MAX_MANIFEST_BYTES };
    return new TextDecoder().decode(await store.get(MANIFEST_KEY, { ...options, range }));
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

export function encodeManifest(manifest: LakeManifest): Uint8Array {
  const text = JSON.stringify(
    {
      networkPassphrase: manifest.network,
      version: MANIFEST_VERSION,
      compression: manifest.compression,
      ledgersPerBatch: manifest.ledgersPerBatch,
      batchesPerPartition: manifest.batchesPerPartition,
    },
    null,
    2,
  );
  return new TextEncoder().encode(`${text}\n`);
}
