/** Finds the changes of ledger entries in the order in which they took effect. */

import { skipContractEvent } from "../../gen/xdr/contract-event.ts";
import { skipExtensionPoint } from "../../gen/xdr/extension-point.ts";
import { LedgerEntryChangeType } from "../../gen/xdr/ledger-entry-change-type.ts";
import { skipLedgerEntry } from "../../gen/xdr/ledger-entry.ts";
import type { LedgerEntryType } from "../../gen/xdr/ledger-entry-type.ts";
import { skipLedgerKey } from "../../gen/xdr/ledger-key.ts";
import { skipLedgerUpgrade } from "../../gen/xdr/ledger-upgrade.ts";
import { TransactionResultCode } from "../../gen/xdr/transaction-result-code.ts";
import type { LedgerTransaction } from "../ledger-transaction.ts";
import { malformed, UNBOUNDED, unknownArm, type XdrBytes } from "../xdr/xdr-bytes.ts";
import type { ChangeStage, EntryChange } from "./entry-change.ts";
import { entryKey } from "./entry-key.ts";

const INT_BYTES = 4;
const INT64_BYTES = 8;
const META_V4 = 4;

/** Until then, the meta of a transaction that core gave up has changes that were undone. */
const LAST_PROTOCOL_WITH_UNDONE_CHANGES = 12;

export class ChangeWalk {
  readonly changes: EntryChange[] = [];
  readonly #xdr: XdrBytes;

  constructor(xdr: XdrBytes) {
    this.#xdr = xdr;
  }

  fees(transaction: LedgerTransaction): void {
    this.#list(transaction.feeChangesOffset, "fee", transaction, 0);
  }

  refunds(transaction: LedgerTransaction): void {
    const offset = transaction.postFeeChangesOffset;
    if (offset !== undefined) this.#list(offset, "refund", transaction, 0);
  }

  /** The meta of any version: changes before, by each operation, after. */
  meta(transaction: LedgerTransaction, protocol: number): void {
    const xdr = this.#xdr;
    const { metaOffset } = transaction;
    const version = xdr.int32(metaOffset, "TransactionMeta");
    if (version < 0 || version > META_V4) throw unknownArm("TransactionMeta", metaOffset, version);
    let end = metaOffset + INT_BYTES;
    if (version >= 3) end = skipExtensionPoint(xdr, end);
    if (version >= 1) end = this.#list(end, "before", transaction, 0);
    if (isUndone(transaction, protocol)) return;
    const count = xdr.count(end, UNBOUNDED, "TransactionMeta.operations");
    end += INT_BYTES;
    for (let operation = 0; operation < count; operation++) {
      if (version === META_V4) end = skipExtensionPoint(xdr, end);
      end = this.#list(end, "operation", transaction, operation);
      if (version === META_V4) end = skipEvents(xdr, end);
    }
    if (version >= 2) this.#list(end, "after", transaction, 0);
  }

  /** The array of UpgradeEntryMeta at `offset`. */
  upgrades(offset: number): void {
    const xdr = this.#xdr;
    const count = xdr.count(offset, UNBOUNDED, "UpgradeEntryMeta");
    let end = offset + INT_BYTES;
    for (let upgrade = 0; upgrade < count; upgrade++) {
      end = this.#list(skipLedgerUpgrade(xdr, end), "upgrade", undefined, upgrade);
    }
  }

  /** A state is followed by the update or removal that it belongs to. */
  #list(
    offset: number,
    stage: ChangeStage,
    transaction: LedgerTransaction | undefined,
    group: number,
  ): number {
    const xdr = this.#xdr;
    const count = xdr.count(offset, UNBOUNDED, "LedgerEntryChanges");
    let end = offset + INT_BYTES;
    let state: number | undefined;
    let index = 0;
    for (let left = count; left > 0; left--) {
      const at = end;
      const kind = xdr.int32(at, "LedgerEntryChange");
      const value = at + INT_BYTES;
      end = skipValue(xdr, at, kind);
      if (kind === LedgerEntryChangeType.ledgerEntryState) {
        state = value;
        continue;
      }
      const removed = kind === LedgerEntryChangeType.ledgerEntryRemoved;
      if (removed) checkRemoved(xdr, value, end, state);
      const created = kind === LedgerEntryChangeType.ledgerEntryCreated;
      this.changes.push({
        kind: kind as LedgerEntryChangeType,
        type: xdr.int32(removed ? value : value + INT_BYTES, "LedgerEntry") as LedgerEntryType,
        before: created ? undefined : state,
        after: removed ? undefined : value,
        stage,
        transaction,
        group,
        index: index++,
      });
      state = undefined;
    }
    return end;
  }
}

function skipValue(xdr: XdrBytes, at: number, kind: number): number {
  if (kind === LedgerEntryChangeType.ledgerEntryRemoved) return skipLedgerKey(xdr, at + INT_BYTES);
  if (kind < 0 || kind > LedgerEntryChangeType.ledgerEntryRestored) {
    throw unknownArm("LedgerEntryChange", at, kind);
  }
  return skipLedgerEntry(xdr, at + INT_BYTES);
}

/** What is removed must be what the state before it shows. */
function checkRemoved(xdr: XdrBytes, start: number, end: number, state: number | undefined): void {
  if (state === undefined) {
    throw malformed("LedgerEntryChange", start, "a removal without the state before it");
  }
  const key = entryKey(xdr, state);
  const same = xdr.int32(start, "LedgerKey") === key.type &&
    xdr.latin1(start + INT_BYTES, end) === xdr.latin1(key.start, key.end);
  if (!same) throw malformed("LedgerEntryChange", start, "a removal of another entry's key");
}

function skipEvents(xdr: XdrBytes, offset: number): number {
  let end = offset + INT_BYTES;
  for (let left = xdr.count(offset, UNBOUNDED, "OperationMetaV2.events"); left > 0; left--) {
    end = skipContractEvent(xdr, end);
  }
  return end;
}

function isUndone({ xdr, resultOffset }: LedgerTransaction, protocol: number): boolean {
  if (protocol > LAST_PROTOCOL_WITH_UNDONE_CHANGES) return false;
  const code = xdr.int32(resultOffset + INT64_BYTES, "TransactionResultResult");
  return code === TransactionResultCode.txInternalError;
}
