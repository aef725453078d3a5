/** What an object of a lake holds: decompressed, cut into ledgers, checked against its name. */

import { zstdDecompress, zstdDecompressHere, ZstdError } from "../../runtime/zstd.ts";
import { FlowctlError, messageOf } from "../../spec/errors.ts";
import { type LakeObjectName, type LedgerSpan, parseObjectKey } from "./lake-layout.ts";
import { type LedgerBatch, splitBatch } from "./split-batch.ts";

/** A ledger's meta takes no more, by far: what does is a bomb. */
export const MAX_LEDGER_BYTES = 64 * 1024 * 1024;

/** Nor may a whole object: it must fit into memory several times over. */
export const MAX_BATCH_BYTES = 1024 * 1024 * 1024;

const BATCH_OVERHEAD_BYTES = 12;

export function ledgersText({ first, last }: LedgerSpan): string {
  return first === last ? `ledger ${first}` : `ledgers ${first} to ${last}`;
}

/** Puts ledger and object in front of what is wrong with them. */
export function blameObject(span: LedgerSpan, url: string, thrown: unknown): FlowctlError {
  const where = `${ledgersText(span)} in ${url}`;
  const known = thrown instanceof FlowctlError ? thrown : undefined;
  const code = known === undefined || known.code.startsWith("xdr/")
    ? "lake/corrupt-object"
    : known.code;
  const hint = code !== "lake/corrupt-object"
    ? known?.hint
    : known?.code === "xdr/unknown-arm"
    ? "The object is damaged, or of a protocol newer than this flowctl: update it, or copy the " +
      "object from another lake."
    : "The object is damaged; write it again, or copy it from another lake.";
  return new FlowctlError(code, `${where}: ${messageOf(thrown)}`, {
    ...(hint === undefined ? {} : { hint }),
    cause: thrown,
  });
}

function maxBytes({ first, last }: LedgerSpan): number {
  return Math.min(MAX_BATCH_BYTES, (last - first + 1) * MAX_LEDGER_BYTES + BATCH_OVERHEAD_BYTES);
}

/** Of an object that the lake has; its key can only be one. */
export function nameOf(key: string): LakeObjectName {
  const name = parseObjectKey(key);
  if (name === undefined) throw new Error(`${key} is no name of a lake's object`);
  return name;
}

function isDamage(error: unknown): boolean {
  return error instanceof FlowctlError || error instanceof ZstdError;
}

/** Throws `lake/corrupt-object` or `lake/wrong-ledger`, naming ledgers and object. */
export async function decodeObject(
  key: string,
  url: string,
  bytes: Uint8Array,
): Promise<LedgerBatch> {
  const name = nameOf(key);
  try {
    const batch = name.suffix === ".xdr" ? bytes : await zstdDecompress(bytes, maxBytes(name));
    return splitBatch(batch, name);
  } catch (error) {
    throw isDamage(error) ? blameObject(name, url, error) : error;
  }
}

/** The same without leaving the thread. */
export function decodeObjectHere(key: string, url: string, bytes: Uint8Array): LedgerBatch {
  const name = nameOf(key);
  try {
    const batch = name.suffix === ".xdr" ? bytes : zstdDecompressHere(bytes, maxBytes(name));
    return splitBatch(batch, name);
  } catch (error) {
    throw isDamage(error) ? blameObject(name, url, error) : error;
  }
}
