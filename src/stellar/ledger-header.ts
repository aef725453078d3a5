/** The header of a ledger, read from the bytes of its LedgerCloseMeta without decoding the rest. */

import { FlowctlError } from "../spec/errors.ts";

export interface LedgerHeader {
  /** Version of the LedgerCloseMeta union: 0 to 2. */
  readonly metaVersion: number;
  readonly sequence: number;
  readonly protocol: number;
  readonly closedAt: Date;
  /** Hash of this ledger as its history entry states it, hex. */
  readonly hash: string;
  readonly previousHash: string;
  readonly txSetHash: string;
  readonly txSetResultHash: string;
  /** Where the LedgerHeader XDR starts and ends in the bytes. */
  readonly start: number;
  readonly end: number;
}

const HASH_BYTES = 32;

/** The last second that a JavaScript Date can hold. */
const MAX_CLOSE_TIME_S = 8_640_000_000_000n;

/** Throws `xdr/malformed` or `xdr/unknown-arm` with the byte offset when this is no ledger. */
export function readLedgerHeader(bytes: Uint8Array): LedgerHeader {
  const reader = new HeaderReader(bytes);
  const metaVersion = reader.arm("LedgerCloseMeta", 2);
  if (metaVersion > 0 && reader.arm("LedgerCloseMetaExt", 1) === 1) {
    reader.arm("ExtensionPoint", 0);
    reader.skip(8);
  }
  const hash = reader.hash();
  const start = reader.offset;
  const protocol = reader.uint32();
  const previousHash = reader.hash();
  const txSetHash = reader.hash();
  const closeTime = reader.uint64();
  if (closeTime > MAX_CLOSE_TIME_S) {
    throw new FlowctlError("xdr/malformed", `close time ${closeTime} is out of range`);
  }
  reader.upgrades();
  if (reader.arm("StellarValueExt", 1) === 1) {
    reader.arm("PublicKey", 0);
    reader.skip(HASH_BYTES);
    reader.opaque("Signature", 64);
  }
  const txSetResultHash = reader.hash();
  reader.skip(HASH_BYTES);
  const sequence = reader.uint32();
  reader.skip(8 + 8 + 4 + 8 + 4 + 4 + 4 + 4 * HASH_BYTES);
  if (reader.arm("LedgerHeaderExt", 1) === 1) {
    reader.skip(4);
    reader.arm("LedgerHeaderExtensionV1Ext", 0);
  }
  return {
    metaVersion,
    sequence,
    protocol,
    closedAt: new Date(Number(closeTime) * 1000),
    hash,
    previousHash,
    txSetHash,
    txSetResultHash,
    start,
    end: reader.offset,
  };
}

class HeaderReader {
  offset = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  skip(length: number): number {
    const at = this.offset;
    if (at + length > this.#bytes.length) {
      throw new FlowctlError(
        "xdr/malformed",
        `ledger header ends at byte ${this.#bytes.length}, ${length} more are needed at ${at}`,
        { hint: "the ledger is truncated; fetch it again" },
      );
    }
    this.offset = at + length;
    return at;
  }

  uint32(): number {
    return this.#view.getUint32(this.skip(4));
  }

  uint64(): bigint {
    return this.#view.getBigUint64(this.skip(8));
  }

  hash(): string {
    const at = this.skip(HASH_BYTES);
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + at, HASH_BYTES).toString("hex");
  }

  arm(type: string, max: number): number {
    const at = this.offset;
    const arm = this.uint32();
    if (arm <= max) return arm;
    throw new FlowctlError(
      "xdr/unknown-arm",
      `${type} has no arm ${arm | 0} (byte ${at})`,
      { hint: "the bytes are no ledger, or of a protocol newer than this flowctl" },
    );
  }

  opaque(type: string, max: number): void {
    const at = this.offset;
    const length = this.uint32();
    if (length > max) {
      throw new FlowctlError("xdr/malformed", `${type} of ${length} bytes at byte ${at}`);
    }
    this.skip((length + 3) & ~3);
  }

  upgrades(): void {
    const at = this.offset;
    const count = this.uint32();
    if (count > 6) {
      throw new FlowctlError("xdr/malformed", `${count} upgrades at byte ${at}, at most 6`);
    }
    for (let i = 0; i < count; i++) this.opaque("UpgradeType", 128);
  }
}
