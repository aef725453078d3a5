/** A transaction as a row of `stellar.transaction.v1`: Hubble's columns, values and spellings. */

import type { Json, Row } from "../../flow/batch.ts";
import { memoTypeName } from "../../gen/xdr/memo-type.ts";
import type { TransactionEnvelopeView } from "../../gen/xdr/transaction-envelope.ts";
import { transactionResultCodeName } from "../../gen/xdr/transaction-result-code.ts";
import { TransactionParts } from "../../stellar/envelope.ts";
import type { LedgerTransaction } from "../../stellar/ledger-transaction.ts";
import { memoText } from "../../stellar/memo.ts";
import { signerAddress } from "../../stellar/signer.ts";
import { encodeStrkey, StrkeyVersion } from "../../stellar/strkey.ts";
import type { LedgerScope } from "../ledger-processor.ts";
import { type SorobanColumns, sorobanColumns } from "./soroban-columns.ts";

/** Before it, the result of a fee bump around a contract call states a wrong charge. */
const FEE_BUMP_FIXED_PROTOCOL = 21;

export function transactionRow(
  scope: LedgerScope,
  transaction: LedgerTransaction,
  envelope: TransactionEnvelopeView,
): Row {
  const parts = new TransactionParts(envelope);
  const { xdr } = transaction;
  const { feeBump, source, feeSource, preconditions, memo } = parts;
  const soroban = sorobanColumns(transaction, parts);
  const { result } = transaction.result;
  return {
    event_id: `${scope.idPrefix}-${transaction.index}`,
    transaction_hash: transaction.hash,
    ledger_sequence: scope.sequence,
    account: source.account,
    account_muxed: source.muxed ?? null,
    account_sequence: parts.seqNum,
    max_fee: BigInt(parts.fee),
    fee_charged: feeCharged(scope, transaction, parts, soroban),
    operation_count: parts.operations.length,
    created_at: scope.closedAt,
    memo_type: `MemoType${capital(memoTypeName(memo.type))}`,
    memo: memoText(memo),
    time_bounds: timeBounds(parts),
    successful: transaction.successful,
    id: scope.transactionIdOf(transaction.index),
    fee_account: feeBump === undefined ? null : feeSource.account,
    fee_account_muxed: feeBump === undefined ? null : feeSource.muxed ?? null,
    inner_transaction_hash: innerHash(transaction),
    new_max_fee: feeBump?.tx.fee ?? null,
    ledger_bounds: ledgerBounds(parts),
    min_account_sequence: preconditions?.minSeqNum ?? null,
    min_account_sequence_age: preconditions?.minSeqAge ?? null,
    min_account_sequence_ledger_gap: preconditions === undefined
      ? null
      : BigInt(preconditions.minSeqLedgerGap),
    extra_signers: extraSigners(parts),
    closed_at: scope.closedAt,
    resource_fee: soroban.resourceFee,
    soroban_resources_instructions: soroban.instructions,
    soroban_resources_read_bytes: soroban.diskReadBytes,
    soroban_resources_disk_read_bytes: soroban.diskReadBytes,
    soroban_resources_write_bytes: soroban.writeBytes,
    soroban_resources_archived_entries: soroban.archivedEntries,
    transaction_result_code: `TransactionResultCode${
      capital(transactionResultCodeName(result.code))
    }`,
    inclusion_fee_bid: soroban.inclusionFeeBid,
    inclusion_fee_charged: soroban.inclusionFeeCharged,
    resource_fee_refund: soroban.refund,
    non_refundable_resource_fee_charged: soroban.nonRefundableFee,
    refundable_resource_fee_charged: soroban.refundableFee,
    rent_fee_charged: soroban.rentFee,
    tx_signers: signatures(parts),
    tx_envelope: envelope.toXdrBase64(),
    tx_result: xdr.base64(transaction.resultOffset, transaction.feeChangesOffset),
    tx_meta: xdr.base64(transaction.metaOffset, transaction.metaEnd),
    tx_fee_meta: xdr.base64(transaction.feeChangesOffset, transaction.metaOffset),
  };
}

function feeCharged(
  { ledger }: LedgerScope,
  transaction: LedgerTransaction,
  { feeBump, sorobanData }: TransactionParts,
  soroban: SorobanColumns,
): bigint {
  const wrong = ledger.protocol < FEE_BUMP_FIXED_PROTOCOL && feeBump !== undefined &&
    sorobanData !== undefined;
  return wrong ? soroban.resourceFee - soroban.refund : transaction.feeCharged;
}

/** `[min,max)`; without an upper bound `[min,)`. */
function timeBounds({ timeBounds }: TransactionParts): string {
  if (timeBounds === null) return "";
  const { minTime, maxTime } = timeBounds;
  return `[${minTime},${maxTime === 0n ? "" : maxTime})`;
}

function ledgerBounds({ preconditions }: TransactionParts): string {
  const bounds = preconditions?.ledgerBounds ?? null;
  return bounds === null ? "" : `[${bounds.minLedger},${bounds.maxLedger})`;
}

function innerHash({ result }: LedgerTransaction): string | null {
  const hash = result.result.innerResultPair?.transactionHash;
  return hash === undefined ? null : Buffer.from(hash).toString("hex");
}

function extraSigners({ preconditions }: TransactionParts): Json {
  const signers = preconditions?.extraSigners.toArray().map(signerAddress) ?? [];
  return signers.length === 0 ? null : signers;
}

/** Hubble prints signatures in the form of an account's address. */
function signatures(parts: TransactionParts): Json {
  return parts.signatures.toArray().map(({ signature }) =>
    encodeStrkey(StrkeyVersion.account, signature)
  );
}

function capital(name = ""): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
