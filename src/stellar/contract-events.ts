/**
 * Where the events of a transaction stand in its meta: version 4 has them per transaction and per
 * operation (CAP-67), version 3 in the Soroban part only, older ones have none.
 */

import { skipContractEvent } from "../gen/xdr/contract-event.ts";
import { readContractEventType } from "../gen/xdr/contract-event-type.ts";
import { skipDiagnosticEvent } from "../gen/xdr/diagnostic-event.ts";
import { skipExtensionPoint } from "../gen/xdr/extension-point.ts";
import { skipScVal } from "../gen/xdr/sc-val.ts";
import { skipSorobanTransactionMetaExt } from "../gen/xdr/soroban-transaction-meta-ext.ts";
import { skipSorobanTransactionMetaV2 } from "../gen/xdr/soroban-transaction-meta-v2.ts";
import { skipTransactionEvent } from "../gen/xdr/transaction-event.ts";
import { type LedgerTransaction, skipChanges } from "./ledger-transaction.ts";
import { type Skip, UNBOUNDED, unknownArm, type XdrBytes } from "./xdr/xdr-bytes.ts";

const INT_BYTES = 4;
const META_V3 = 3;
const META_V4 = 4;

/** Byte offsets of a transaction's events. */
export interface EventPlaces {
  /** Version of the transaction's meta. */
  readonly version: number;
  /** Each a TransactionEvent: its stage, then the ContractEvent. */
  readonly transaction: readonly number[];
  /** By operation, each a ContractEvent. */
  readonly operations: readonly (readonly number[])[];
  /** Each a DiagnosticEvent: a bool, then the ContractEvent. */
  readonly diagnostic: readonly number[];
}

const NOTHING: readonly number[] = [];

/** One walk over the meta, after which the transaction knows its events and where it ends. */
export function findEvents(transaction: LedgerTransaction): EventPlaces {
  return transaction.events ??= walkMeta(transaction);
}

function walkMeta(transaction: LedgerTransaction): EventPlaces {
  const { xdr, metaOffset } = transaction;
  const version = xdr.int32(metaOffset, "TransactionMeta");
  const start = metaOffset + INT_BYTES;
  const walk = new Walk(xdr, start);
  if (version === META_V4) {
    walk.skipExtension();
    walk.skipChanges();
    const operations = walk.operationsV4();
    walk.skipChanges();
    walk.skipOption(skipSorobanTransactionMetaV2);
    const events = walk.list(skipTransactionEvent);
    const diagnostic = walk.list(skipDiagnosticEvent);
    transaction.metaEnd = walk.offset;
    return { version, transaction: events, operations, diagnostic };
  }
  if (version !== META_V3) {
    return { version, transaction: NOTHING, operations: [], diagnostic: NOTHING };
  }
  walk.skipExtension();
  walk.skipChanges();
  walk.skipOperationsV3();
  walk.skipChanges();
  const soroban = walk.sorobanV3();
  transaction.metaEnd = walk.offset;
  return { version, transaction: NOTHING, ...soroban };
}

class Walk {
  offset: number;
  readonly #xdr: XdrBytes;

  constructor(xdr: XdrBytes, offset: number) {
    this.#xdr = xdr;
    this.offset = offset;
  }

  /** An ExtensionPoint, of which only version 0 is known. */
  skipExtension(): void {
    this.offset = skipExtensionPoint(this.#xdr, this.offset);
  }

  skipChanges(): void {
    this.offset = skipChanges(this.#xdr, this.offset);
  }

  skipOption(skip: Skip): void {
    const present = this.#xdr.bool(this.offset, "TransactionMeta.sorobanMeta");
    this.offset += INT_BYTES;
    if (present) this.offset = skip(this.#xdr, this.offset);
  }

  /** The offsets of an array's elements. */
  list(skip: Skip): readonly number[] {
    const count = this.#xdr.count(this.offset, UNBOUNDED, "TransactionMeta");
    this.offset += INT_BYTES;
    if (count === 0) return NOTHING;
    const offsets: number[] = [];
    for (let i = 0; i < count; i++) {
      offsets.push(this.offset);
      this.offset = skip(this.#xdr, this.offset);
    }
    return offsets;
  }

  operationsV4(): readonly (readonly number[])[] {
    let left = this.#xdr.count(this.offset, UNBOUNDED, "TransactionMetaV4.operations");
    this.offset += INT_BYTES;
    const operations: (readonly number[])[] = [];
    for (; left > 0; left--) {
      this.skipExtension();
      this.skipChanges();
      operations.push(this.list(skipContractEvent));
    }
    return operations;
  }

  skipOperationsV3(): void {
    let left = this.#xdr.count(this.offset, UNBOUNDED, "TransactionMetaV3.operations");
    this.offset += INT_BYTES;
    for (; left > 0; left--) this.skipChanges();
  }

  /** A Soroban transaction has one operation, whose events these are. */
  sorobanV3(): Pick<EventPlaces, "operations" | "diagnostic"> {
    const present = this.#xdr.bool(this.offset, "TransactionMetaV3.sorobanMeta");
    this.offset += INT_BYTES;
    if (!present) return { operations: [], diagnostic: NOTHING };
    this.offset = skipSorobanTransactionMetaExt(this.#xdr, this.offset);
    const events = this.list(skipContractEvent);
    this.offset = skipScVal(this.#xdr, this.offset);
    return { operations: [events], diagnostic: this.list(skipDiagnosticEvent) };
  }
}

/** A ContractEvent's parts: where its contract, topics and data stand. */
export class ContractEventParts {
  readonly xdr: XdrBytes;
  readonly offset: number;
  /** ContractEventType: 0 system, 1 contract, 2 diagnostic. */
  readonly type: number;
  /** Byte of the 32-byte contract id; 0 when there is none. */
  readonly contractOffset: number;
  readonly topicCount: number;
  /** Byte where the first topic starts: the topics are ScVals one after the other. */
  readonly topicsOffset: number;

  constructor(xdr: XdrBytes, offset: number) {
    this.xdr = xdr;
    this.offset = offset;
    let at = skipExtensionPoint(xdr, offset);
    const hasContract = xdr.bool(at, "ContractEvent.contractId");
    at += INT_BYTES;
    this.contractOffset = hasContract ? at : 0;
    if (hasContract) at += CONTRACT_ID_BYTES;
    this.type = readContractEventType(xdr, at);
    const version = xdr.int32(at + INT_BYTES, "ContractEventBody");
    if (version !== 0) throw unknownArm("ContractEventBody", at + INT_BYTES, version);
    at += 2 * INT_BYTES;
    this.topicCount = xdr.count(at, UNBOUNDED, "ContractEventV0.topics");
    this.topicsOffset = at + INT_BYTES;
  }
}

const CONTRACT_ID_BYTES = 32;
