/** The columns of a transaction that only Soroban transactions fill. */

import type { Json } from "../../flow/batch.ts";
import type { SorobanTransactionMetaExtV1View } from "../../gen/xdr/soroban-transaction-meta-ext-v1.ts";
import { feesOf } from "../../stellar/derive/fees.ts";
import type { TransactionParts } from "../../stellar/envelope.ts";
import type { LedgerTransaction } from "../../stellar/ledger-transaction.ts";

export interface SorobanColumns {
  readonly resourceFee: bigint;
  readonly instructions: bigint;
  readonly diskReadBytes: bigint;
  readonly writeBytes: bigint;
  readonly archivedEntries: Json;
  readonly inclusionFeeBid: bigint;
  readonly inclusionFeeCharged: bigint;
  readonly refund: bigint;
  readonly nonRefundableFee: bigint;
  readonly refundableFee: bigint;
  readonly rentFee: bigint;
}

const CLASSIC: SorobanColumns = {
  resourceFee: 0n,
  instructions: 0n,
  diskReadBytes: 0n,
  writeBytes: 0n,
  archivedEntries: null,
  inclusionFeeBid: 0n,
  inclusionFeeCharged: 0n,
  refund: 0n,
  nonRefundableFee: 0n,
  refundableFee: 0n,
  rentFee: 0n,
};

export function sorobanColumns(
  transaction: LedgerTransaction,
  parts: TransactionParts,
): SorobanColumns {
  const data = parts.sorobanData;
  if (data === undefined) return CLASSIC;
  const { resourceFee, resources } = data;
  const bid = parts.feeBump?.tx.fee ?? BigInt(parts.fee);
  const archived = data.ext.resourceExt?.archivedSorobanEntries.toArray() ?? [];
  const fees = feesOf(transaction, parts);
  const charged = chargedFees(transaction);
  return {
    resourceFee,
    instructions: BigInt(resources.instructions),
    diskReadBytes: BigInt(resources.diskReadBytes),
    writeBytes: BigInt(resources.writeBytes),
    archivedEntries: archived.length === 0 ? null : archived,
    inclusionFeeBid: bid - resourceFee,
    inclusionFeeCharged: fees.charged - resourceFee,
    refund: fees.refunded,
    nonRefundableFee: charged?.totalNonRefundableResourceFeeCharged ?? 0n,
    refundableFee: charged?.totalRefundableResourceFeeCharged ?? 0n,
    rentFee: charged?.rentFeeCharged ?? 0n,
  };
}

function chargedFees({ meta }: LedgerTransaction): SorobanTransactionMetaExtV1View | undefined {
  return (meta.v4 ?? meta.v3)?.sorobanMeta?.ext.v1;
}
