/** A ledger's parts, found in its bytes: header, transaction set, results and metas in apply order. */

import { LedgerCloseMetaView } from "../gen/xdr/ledger-close-meta.ts";
import type { LedgerCloseMetaV0View } from "../gen/xdr/ledger-close-meta-v0.ts";
import type { LedgerCloseMetaV1View } from "../gen/xdr/ledger-close-meta-v1.ts";
import type { LedgerCloseMetaV2View } from "../gen/xdr/ledger-close-meta-v2.ts";
import type { LedgerHeaderHistoryEntryView } from "../gen/xdr/ledger-header-history-entry.ts";
import { skipLedgerEntry } from "../gen/xdr/ledger-entry.ts";
import { LedgerKeyView, skipLedgerKey } from "../gen/xdr/ledger-key.ts";
import { skipScpHistoryEntry } from "../gen/xdr/scp-history-entry.ts";
import { skipUpgradeEntryMeta } from "../gen/xdr/upgrade-entry-meta.ts";
import type { FlowctlError } from "../spec/errors.ts";
import { LedgerTransaction } from "./ledger-transaction.ts";
import { malformed, type Skip, UNBOUNDED, XdrBytes } from "./xdr/xdr-bytes.ts";
import { ArrayView, type ElementShape } from "./xdr/xdr-view.ts";

/** The last second that a JavaScript Date can hold. */
const MAX_CLOSE_TIME_S = 8_640_000_000_000n;

/** A transaction whose result or meta holds what this version does not know. */
export interface UnreadableTransaction {
  /** Its place and hash are right; the rest of it can be read only up to what is unknown. */
  readonly transaction: LedgerTransaction;
  /** Bytes of its TransactionResultMeta, or TransactionResultMetaV1: start and end. */
  readonly start: number;
  readonly end: number;
  /** `xdr/unknown-arm`, naming transaction, type, arm and byte. */
  readonly error: FlowctlError;
}

/** Of Soroban, when the ledger closed. */
export interface LedgerState {
  /** Live state; in older ledgers the bucket list. */
  readonly size_bytes: bigint;
  readonly evictedKeys: ArrayView<LedgerKeyView>;
}

const KEY: ElementShape<LedgerKeyView> = {
  skip: skipLedgerKey,
  read: (xdr, offset) => new LedgerKeyView(xdr, offset),
};

/** `totalByteSizeOf…` of versions 1 and 2, between the SCP messages and the evicted keys. */
const TOTAL_SIZE_BYTES = 8;

export class Ledger {
  readonly xdr: XdrBytes;
  readonly meta: LedgerCloseMetaView;
  /** Version of LedgerCloseMeta: 0 before protocol 20, 1 since then, 2 since protocol 23. */
  readonly version: 0 | 1 | 2;
  readonly sequence: number;
  readonly protocol: number;
  readonly closedAt: Date;
  /** What versions 1 and 2 add: fees here, the rest in `state`. */
  readonly soroban: LedgerCloseMetaV1View | LedgerCloseMetaV2View | undefined;
  readonly #body: LedgerCloseMetaV0View | LedgerCloseMetaV1View | LedgerCloseMetaV2View;
  /** Transactions that were left out, in apply order: see `readableLedger`. */
  unreadable: readonly UnreadableTransaction[] = [];
  #transactionsEnd = 0;
  #transactions: readonly LedgerTransaction[] | undefined;

  /** Throws `xdr/malformed` or `xdr/unknown-arm` when the bytes hold no ledger. */
  constructor(bytes: Uint8Array) {
    this.xdr = new XdrBytes(bytes);
    this.meta = new LedgerCloseMetaView(this.xdr);
    this.version = this.meta.v;
    this.soroban = this.meta.v1 ?? this.meta.v2;
    this.#body = bodyOf(this.meta.v0 ?? this.soroban);
    const { header } = this.headerEntry;
    this.sequence = header.ledgerSeq;
    this.protocol = header.ledgerVersion;
    const { closeTime } = header.scpValue;
    if (closeTime > MAX_CLOSE_TIME_S) {
      throw malformed("StellarValue.closeTime", header.scpValueOffset, `${closeTime} is no date`);
    }
    this.closedAt = new Date(Number(closeTime) * 1000);
  }

  get headerEntry(): LedgerHeaderHistoryEntryView {
    return this.#body.ledgerHeader;
  }

  /** Byte where the transaction set starts: a TransactionSet in version 0, else a generalized one. */
  get txSetOffset(): number {
    return this.#body.txSetOffset;
  }

  get txSetEnd(): number {
    return this.transactionsOffset;
  }

  get transactionCount(): number {
    return this.#body.txProcessing.length;
  }

  /**
   * The transactions in the order in which they were applied. They are found in one walk, and kept
   * after the first whole one with what was found out about each.
   */
  *transactions(): IterableIterator<LedgerTransaction> {
    if (this.#transactions !== undefined) return yield* this.#transactions;
    const found: LedgerTransaction[] = [];
    const count = this.transactionCount;
    let offset = this.transactionsOffset + 4;
    for (let index = 1; index <= count; index++) {
      const transaction = new LedgerTransaction(this.xdr, offset, index, this.version);
      yield transaction;
      offset = transaction.endOffset;
      found.push(transaction);
    }
    this.#transactionsEnd = offset;
    this.#transactions = found;
  }

  /** Byte where the upgrades start: an array of UpgradeEntryMeta. */
  get upgradesOffset(): number {
    return this.#transactionsEnd || this.#body.upgradesProcessingOffset;
  }

  /** What versions 1 and 2 say after upgrades and SCP messages. */
  get state(): LedgerState | undefined {
    const { xdr, version } = this;
    if (version === 0) return undefined;
    const upgradesEnd = skipAll(xdr, this.upgradesOffset, skipUpgradeEntryMeta);
    const offset = skipAll(xdr, upgradesEnd, skipScpHistoryEntry);
    const keys = offset + TOTAL_SIZE_BYTES;
    const count = xdr.count(keys, UNBOUNDED, "LedgerCloseMeta.evictedKeys");
    return {
      size_bytes: xdr.uint64(offset, "LedgerCloseMeta.totalByteSizeOfLiveSorobanState"),
      evictedKeys: new ArrayView(xdr, keys + 4, count, KEY),
    };
  }

  /** The same ledger, whose transactions are these only and end at that byte. */
  withTransactions(
    transactions: readonly LedgerTransaction[],
    end: number,
    unreadable: readonly UnreadableTransaction[],
  ): Ledger {
    const ledger = new Ledger(this.xdr.slice(0, this.xdr.length));
    ledger.#transactions = transactions;
    ledger.#transactionsEnd = end;
    ledger.unreadable = unreadable;
    return ledger;
  }

  /** Byte where the count of transactions stands; they follow. */
  get transactionsOffset(): number {
    return this.#body.txProcessingOffset;
  }

  /**
   * Checks what follows the transactions and that nothing follows the ledger. With the walk over
   * the transactions, which must come first, the whole ledger has then been looked at.
   */
  checkTail(transactionsEnd: number = this.#transactionsEnd): void {
    const { xdr, version } = this;
    let end = skipAll(xdr, transactionsEnd, skipUpgradeEntryMeta);
    end = skipAll(xdr, end, skipScpHistoryEntry);
    if (version > 0) end = skipAll(xdr, end + TOTAL_SIZE_BYTES, skipLedgerKey);
    if (version === 1) end = skipAll(xdr, end, skipLedgerEntry);
    if (end > xdr.length) throw xdr.short(end, end - xdr.length, "LedgerCloseMeta");
    if (end < xdr.length) {
      throw malformed("LedgerCloseMeta", end, `${xdr.length - end} bytes too many`);
    }
  }
}

const open = new WeakMap<Uint8Array, Ledger>();

/**
 * The ledger in these bytes, which must not change. Whoever opens the same bytes again, such as
 * another processor, gets the same ledger, with everything that is known of it.
 */
export function openLedger(bytes: Uint8Array): Ledger {
  let ledger = open.get(bytes);
  if (ledger === undefined) open.set(bytes, ledger = new Ledger(bytes));
  return ledger;
}

function skipAll(xdr: XdrBytes, offset: number, skip: Skip): number {
  let end = offset + 4;
  for (let left = xdr.count(offset, UNBOUNDED, "LedgerCloseMeta"); left > 0; left--) {
    end = skip(xdr, end);
  }
  return end;
}

function bodyOf<T>(body: T | undefined): T {
  if (body === undefined) throw malformed("LedgerCloseMeta", 0, "no ledger");
  return body;
}
