/**
 * Transfers from the events that core wrote into transaction meta (CAP-67), in the order in which
 * they happened: what is paid before all transactions, then each transaction's operations and what
 * it gets back after them, then what is paid back after all transactions.
 */

import type { Row } from "../../flow/batch.ts";
import {
  readTransactionEventStage,
  TransactionEventStage,
} from "../../gen/xdr/transaction-event-stage.ts";
import { ScValType } from "../../gen/xdr/sc-val-type.ts";
import { skipScVal } from "../../gen/xdr/sc-val.ts";
import { contractAddress, scAddress } from "../../stellar/address.ts";
import { int128Digits } from "../../stellar/amount.ts";
import type { AssetBook } from "../../stellar/asset.ts";
import { ContractEventParts, findEvents } from "../../stellar/contract-events.ts";
import type { LedgerTransaction } from "../../stellar/ledger-transaction.ts";
import { malformed } from "../../stellar/xdr/xdr-bytes.ts";
import type { LedgerScope } from "../ledger-processor.ts";
import { readTokenEvent, topicAt } from "../../stellar/token-event.ts";
import type { Transfer } from "../../stellar/transfer.ts";
import { transferRow } from "./transfer-row.ts";

const CONTRACT_EVENT = 1;

/** In front of the event in a TransactionEvent. */
const STAGE_BYTES = 4;

export interface UnifiedTransfers {
  readonly rows: readonly Row[];
  /** Fee events; none in a ledger that charged fees means that core wrote no unified events. */
  readonly fees: number;
  readonly charged: boolean;
}

/** Rows by when they happened, seen from all transactions of the ledger. */
interface Stages {
  readonly before: Row[];
  readonly during: Row[];
  readonly after: Row[];
}

export function unifiedTransfers(scope: LedgerScope, assets: AssetBook): UnifiedTransfers {
  const stages: Stages = { before: [], during: [], after: [] };
  let fees = 0;
  let charged = false;
  for (const transaction of scope.transactions()) {
    charged ||= transaction.feeCharged !== 0n;
    if (transaction.successful) addOperations(stages.during, scope, transaction, assets);
    fees += addFees(stages, scope, transaction, assets);
  }
  return { rows: [...stages.before, ...stages.during, ...stages.after], fees, charged };
}

function addOperations(
  rows: Row[],
  scope: LedgerScope,
  transaction: LedgerTransaction,
  assets: AssetBook,
): void {
  const { xdr, index } = transaction;
  const { operations, version } = findEvents(transaction);
  for (const [operation, offsets] of operations.entries()) {
    for (const [position, offset] of offsets.entries()) {
      const transfer = readTokenEvent(new ContractEventParts(xdr, offset), version, assets);
      if (transfer === undefined) continue;
      const place = `${index}-${operation}-${position}`;
      rows.push(transferRow(scope, transaction, operation, place, transfer));
    }
  }
}

/** How many fee events there were. */
function addFees(
  { before, during, after }: Stages,
  scope: LedgerScope,
  transaction: LedgerTransaction,
  assets: AssetBook,
): number {
  const { xdr, index } = transaction;
  let fees = 0;
  for (const [position, offset] of findEvents(transaction).transaction.entries()) {
    const fee = readFee(transaction, offset + STAGE_BYTES, assets);
    if (fee === undefined) continue;
    fees++;
    const row = transferRow(scope, transaction, undefined, `${index}-t${position}`, fee);
    const stage = readTransactionEventStage(xdr, offset);
    if (stage === TransactionEventStage.transactionEventStageBeforeAllTxs) before.push(row);
    else if (stage === TransactionEventStage.transactionEventStageAfterTx) during.push(row);
    else after.push(row);
  }
  return fees;
}

/** A fee event: symbol and payer as topics, lumens as data. Other kinds are none of ours. */
function readFee(
  { xdr }: LedgerTransaction,
  offset: number,
  { native }: AssetBook,
): Transfer | undefined {
  const event = new ContractEventParts(xdr, offset);
  if (event.topicCount === 0 || topicAt(xdr, event.topicsOffset) !== "fee") return undefined;
  const payer = skipScVal(xdr, event.topicsOffset);
  const isFee = event.topicCount === 2 && event.type === CONTRACT_EVENT &&
    event.contractOffset !== 0 && contractAddress(xdr, event.contractOffset) === native.contract &&
    xdr.int32(payer, "ScVal") === ScValType.scvAddress;
  const data = skipScVal(xdr, payer);
  if (!isFee || xdr.int32(data, "ScVal") !== ScValType.scvI128) {
    throw malformed("TransactionEvent", offset, "a fee event of unknown form");
  }
  return {
    topic: "fee",
    from: scAddress(xdr, payer + 4),
    to: null,
    asset: native,
    contract: native.contract,
    amount: int128Digits(xdr, data + 4),
    toMuxedId: undefined,
  };
}
