/** Ledgers of one operation, for kinds of operations that no ledger at hand has. */

import assert from "node:assert/strict";
import { xdr } from "@stellar/stellar-sdk";
import type { Row } from "../../src/flow/batch.ts";
import type { Processor } from "../../src/flow/component.ts";
import { ledgerBatch } from "../../src/stellar/ledger-batch.ts";
import { makeLedgers, OPTIONS, signatureHash, transactionsOf } from "./sandbox-ledgers.ts";

export interface OneOperation {
  readonly operation: xdr.Operation;
  readonly result: xdr.OperationResultTrWire;
  readonly changes?: xdr.LedgerEntryChangeWire[];
}

const [template] = makeLedgers(1, { sorobanShare: 0, failureShare: 0 });

/** The bytes of a ledger whose only transaction succeeded with this operation. */
function ledgerOf({ operation, result, changes = [] }: OneOperation): Uint8Array {
  assert.ok(template);
  const { ledger } = template;
  const model = transactionsOf(template).find(({ envelope }) => envelope.type === 2);
  assert.ok(model?.envelope.type === 2);
  const { v1 } = model.envelope;
  const tx = { ...v1.tx, operations: [operation.toXdrObject()] };
  const envelope = { ...model.envelope, v1: { ...v1, tx } };
  const pair = model.processing.result;
  const outcome: xdr.TransactionResultResultWire = { code: 0, results: [{ code: 0, tr: result }] };
  const processing: xdr.TransactionResultMetaV1Wire = {
    ...model.processing,
    result: {
      transactionHash: signatureHash(envelope),
      result: { ...pair.result, result: outcome },
    },
    txApplyProcessing: {
      v: 4,
      v4: { ...model.meta, operations: [{ ext: { v: 0 }, changes, events: [] }] },
    },
  };
  const component: xdr.TxSetComponentWire = {
    type: 0,
    txsMaybeDiscountedFee: { baseFee: null, txs: [envelope] },
  };
  const phases: xdr.TransactionPhaseWire[] = [{ v: 0, v0Components: [component] }];
  return xdr.LedgerCloseMeta.schema.encode({
    v: 2,
    v2: {
      ...ledger,
      txSet: { v: 1, v1TxSet: { ...ledger.txSet.v1TxSet, phases } },
      txProcessing: [processing],
    },
  });
}

/** The rows that a processor makes of it. */
export async function rowsOfOne(processor: Processor, one: OneOperation): Promise<Row[]> {
  const batch = ledgerBatch({
    source: "one",
    network: OPTIONS.passphrase,
    bytes: ledgerOf(one),
  });
  return (await processor.process(batch)).groups.flatMap(({ rows }) => rows);
}
