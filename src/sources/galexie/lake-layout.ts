/**
 * How SEP-54 names objects: `FFFFFFFF - first ledger` in hex, then the ledgers, so that a listing
 * has the newest first. `FC3E15FF--63040000-63103999/FC3D4700--63092991.xdr.zst`
 */

export const MAX_LEDGER = 0xffffffff;

/** What Galexie takes when nothing else is said, and what the public lakes have. */
export const DEFAULT_LAYOUT: LakeLayout = { ledgersPerBatch: 1, batchesPerPartition: 64_000 };

/** `.zst` is SEP-54's; Galexie wrote `.zstd` before; without compression it is plain `.xdr`. */
export const SUFFIXES = [".xdr.zst", ".xdr.zstd", ".xdr", ".zst", ".zstd"] as const;

export type Suffix = typeof SUFFIXES[number];

export interface LakeLayout {
  readonly ledgersPerBatch: number;
  /** 0 or 1: no partition folders. */
  readonly batchesPerPartition: number;
}

/** Both ends are included. */
export interface LedgerSpan {
  readonly first: number;
  readonly last: number;
}

export interface LakeObjectName extends LedgerSpan {
  readonly suffix: Suffix;
  /** The partition folder's ledgers, when the object lies in one. */
  readonly partition: LedgerSpan | undefined;
}

const SPAN = /^([0-9A-Fa-f]{8})--(\d{1,10})(?:-(\d{1,10}))?$/;

function spanAt(ledger: number, size: number): LedgerSpan {
  const first = ledger - ledger % size;
  return { first, last: Math.min(first + size - 1, MAX_LEDGER) };
}

/** The ledgers of the object that `ledger` lies in. */
export function batchSpan(layout: LakeLayout, ledger: number): LedgerSpan {
  return spanAt(ledger, layout.ledgersPerBatch);
}

function spanName({ first, last }: LedgerSpan): string {
  const hex = (MAX_LEDGER - first).toString(16).toUpperCase().padStart(8, "0");
  return first === last ? `${hex}--${first}` : `${hex}--${first}-${last}`;
}

/** Key of the object that `ledger` lies in, relative to the lake's root. */
export function objectKey(layout: LakeLayout, ledger: number, suffix: Suffix): string {
  const name = `${spanName(batchSpan(layout, ledger))}${suffix}`;
  if (layout.batchesPerPartition <= 1) return name;
  const partition = spanAt(ledger, layout.ledgersPerBatch * layout.batchesPerPartition);
  return `${spanName(partition)}/${name}`;
}

function parseSpan(text: string): LedgerSpan | undefined {
  const match = SPAN.exec(text);
  if (match === null) return undefined;
  const first = Number(match[2]);
  const last = match[3] === undefined ? first : Number(match[3]);
  const consistent = parseInt(match[1] ?? "", 16) === MAX_LEDGER - first;
  return consistent && last >= first && last <= MAX_LEDGER ? { first, last } : undefined;
}

/** What a key says; undefined when it names no object of a lake. */
export function parseObjectKey(key: string): LakeObjectName | undefined {
  const slash = key.lastIndexOf("/");
  const folder = slash < 0 ? undefined : parseSpan(key.slice(0, slash));
  if (slash >= 0 && folder === undefined) return undefined;
  const suffix = SUFFIXES.find((candidate) => key.endsWith(candidate));
  if (suffix === undefined) return undefined;
  const span = parseSpan(key.slice(slash + 1, -suffix.length));
  return span === undefined ? undefined : { ...span, suffix, partition: folder };
}

/** The layout that an object's name shows; a lone object without a partition shows no folders. */
export function layoutOf(name: LakeObjectName): LakeLayout {
  const ledgersPerBatch = name.last - name.first + 1;
  if (name.partition === undefined) return { ledgersPerBatch, batchesPerPartition: 1 };
  const partition = name.partition.last - name.partition.first + 1;
  return { ledgersPerBatch, batchesPerPartition: Math.ceil(partition / ledgersPerBatch) };
}
