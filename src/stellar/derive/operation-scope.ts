/** An operation that succeeded, with all that its transfers are derived from. */

import type { OperationView } from "../../gen/xdr/operation.ts";
import type { OperationResultTrView } from "../../gen/xdr/operation-result-tr.ts";
import { type MuxedAccount, muxedAccount } from "../address.ts";
import type { AssetBook, KnownAsset } from "../asset.ts";
import type { TransactionParts } from "../envelope.ts";
import type { LedgerTransaction } from "../ledger-transaction.ts";
import type { Transfer } from "../transfer.ts";
import { malformed } from "../xdr/xdr-bytes.ts";
import { type EntryChange, operationChanges, pairChanges } from "./entry-changes.ts";

/** One side of a transfer: an address, and the id that came with it. */
export interface Party {
  readonly address: string;
  readonly id: bigint | undefined;
}

/** Since then contract calls carry their recipient's id (CAP-67). */
const UNIFIED_EVENTS_PROTOCOL = 23;

export class OperationScope {
  readonly transaction: LedgerTransaction;
  readonly parts: TransactionParts;
  readonly operation: OperationView;
  /** From 0. */
  readonly index: number;
  readonly protocol: number;
  readonly assets: AssetBook;
  readonly source: MuxedAccount;
  readonly #result: OperationResultTrView | undefined;

  constructor(
    transaction: LedgerTransaction,
    parts: TransactionParts,
    operation: OperationView,
    index: number,
    result: OperationResultTrView | undefined,
    protocol: number,
    assets: AssetBook,
  ) {
    this.transaction = transaction;
    this.parts = parts;
    this.operation = operation;
    this.index = index;
    this.protocol = protocol;
    this.assets = assets;
    this.#result = result;
    const own = operation.sourceAccount;
    this.source = own === null ? parts.source : muxedAccount(own.xdr, own.offset);
  }

  get sourceParty(): Party {
    return { address: this.source.account, id: this.source.id };
  }

  /** What the result says; throws `xdr/malformed` when the meta has none for the operation. */
  get result(): OperationResultTrView {
    if (this.#result !== undefined) return this.#result;
    throw malformed("OperationResult", this.transaction.resultOffset, "no result of an operation");
  }

  changes(): IterableIterator<EntryChange> {
    return pairChanges(operationChanges(this.transaction.meta, this.index));
  }

  /** A value that a successful operation of its kind always has. */
  need<T>(value: T | undefined, what: string): T {
    if (value !== undefined) return value;
    throw malformed(
      "OperationResult",
      this.operation.offset,
      `a successful ${what} without its part`,
    );
  }

  /**
   * A movement of an asset: a mint when it comes from the issuer, a burn when it goes to the issuer,
   * else a transfer. With `memo`, the recipient's id, or the transaction's memo, comes with it.
   */
  move(asset: KnownAsset, from: Party, to: Party, amount: bigint, memo: boolean): Transfer {
    const fromIssuer = from.address === asset.issuer;
    const toIssuer = to.address === asset.issuer;
    const topic = fromIssuer === toIssuer ? "transfer" : fromIssuer ? "mint" : "burn";
    // An issuer that pays itself needs no id, nor do burned tokens have a recipient.
    const withId = memo && !toIssuer;
    return {
      topic,
      from: topic === "mint" ? null : from.address,
      to: topic === "burn" ? null : to.address,
      asset,
      contract: asset.contract,
      amount: String(amount),
      toMuxedId: withId ? this.#recipientId(to) : undefined,
    };
  }

  #recipientId(to: Party): bigint | undefined {
    if (!to.address.startsWith("G")) return undefined;
    if (this.parts.sorobanData !== undefined && this.protocol < UNIFIED_EVENTS_PROTOCOL) {
      return undefined;
    }
    if (to.id !== undefined) return to.id;
    const { memo } = this.parts;
    // A memo of text or a hash is no id; see Transfer.toMuxedId.
    return memo.type === 0 ? undefined : memo.id ?? 0n;
  }
}
