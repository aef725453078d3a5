/** One transaction of a ledger: where its result, fee changes and meta stand in the bytes. */

import { skipLedgerEntryChange } from "../gen/xdr/ledger-entry-change.ts";
import { skipTransactionMeta, TransactionMetaView } from "../gen/xdr/transaction-meta.ts";
import { skipTransactionResult, TransactionResultView } from "../gen/xdr/transaction-result.ts";
import { TransactionResultCode } from "../gen/xdr/transaction-result-code.ts";
import type { EventPlaces } from "./contract-events.ts";
import { UNBOUNDED, type XdrBytes } from "./xdr/xdr-bytes.ts";

const HASH_BYTES = 32;
const INT64_BYTES = 8;

export class LedgerTransaction {
  readonly xdr: XdrBytes;
  /** Place in apply order, from 1: what ids are made of. */
  readonly index: number;
  /** Byte where the TransactionResultPair starts: the hash, then the result. */
  readonly pairOffset: number;
  /** Where its events stand, once `findEvents` has looked. */
  events: EventPlaces | undefined;
  readonly #version: number;
  #hash = "";
  #feeChanges = 0;
  #meta = 0;
  #metaEnd = 0;

  constructor(xdr: XdrBytes, offset: number, index: number, version: number) {
    this.xdr = xdr;
    this.index = index;
    this.#version = version;
    // TransactionResultMetaV1 has an extension point in front.
    this.pairOffset = version < 2 ? offset : offset + 4;
  }

  /** Hex. */
  get hash(): string {
    return this.#hash ||= this.xdr.hex(this.pairOffset, this.pairOffset + HASH_BYTES);
  }

  /** For errors: its place and, where the bytes reach that far, its hash. */
  get label(): string {
    const hash = this.pairOffset + HASH_BYTES <= this.xdr.length ? ` ${this.hash}` : "";
    return `transaction ${this.index}${hash}`;
  }

  get resultOffset(): number {
    return this.pairOffset + HASH_BYTES;
  }

  get result(): TransactionResultView {
    return new TransactionResultView(this.xdr, this.resultOffset);
  }

  /** Stroops that were charged, after refunds. */
  get feeCharged(): bigint {
    return this.xdr.int64(this.resultOffset, "TransactionResult.feeCharged");
  }

  get successful(): boolean {
    const code = this.xdr.int32(this.resultOffset + INT64_BYTES, "TransactionResultResult");
    return code === TransactionResultCode.txSuccess ||
      code === TransactionResultCode.txFeeBumpInnerSuccess;
  }

  /** Byte where the fee changes start: an array of LedgerEntryChange. */
  get feeChangesOffset(): number {
    return this.#feeChanges ||= skipTransactionResult(this.xdr, this.resultOffset);
  }

  /** Byte where the TransactionMeta starts. */
  get metaOffset(): number {
    return this.#meta ||= skipChanges(this.xdr, this.feeChangesOffset);
  }

  get meta(): TransactionMetaView {
    return new TransactionMetaView(this.xdr, this.metaOffset);
  }

  get metaEnd(): number {
    return this.#metaEnd ||= skipTransactionMeta(this.xdr, this.metaOffset);
  }

  /** Spares a second walk when whoever walked the meta tells where it ended. */
  set metaEnd(offset: number) {
    this.#metaEnd = offset;
  }

  /** Byte where the fee changes after all transactions start; undefined before version 2. */
  get postFeeChangesOffset(): number | undefined {
    return this.#version < 2 ? undefined : this.metaEnd;
  }

  get endOffset(): number {
    return this.#version < 2 ? this.metaEnd : skipChanges(this.xdr, this.metaEnd);
  }
}

/** The offset after an array of LedgerEntryChange. */
export function skipChanges(xdr: XdrBytes, offset: number): number {
  let end = offset + 4;
  for (let left = xdr.count(offset, UNBOUNDED, "LedgerEntryChanges"); left > 0; left--) {
    end = skipLedgerEntryChange(xdr, end);
  }
  return end;
}
