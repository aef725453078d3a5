/** TransactionResultMetaV1 with transaction meta v4, as protocol 23 and later write it (CAP-67). */

import { xdr } from "@stellar/stellar-sdk";
import type { AppliedTransaction } from "./apply.ts";
import { array, concat, uint32 } from "./bytes.ts";
import { encodeChanges } from "./ledger-state.ts";
import type { ContractEvent } from "./token-events.ts";

const VOID_EXTENSION = uint32(0);
const ABSENT = uint32(0);
const PRESENT = uint32(1);
const META_V4 = uint32(4);
const BEFORE_ALL_TRANSACTIONS = uint32(0);
const AFTER_ALL_TRANSACTIONS = uint32(2);

const encodeEvent = (event: ContractEvent) => xdr.ContractEvent.schema.encode(event);

export function encodeTransactionMeta(applied: AppliedTransaction): Uint8Array {
  return concat([
    VOID_EXTENSION,
    applied.result,
    encodeChanges(applied.feeChanges),
    META_V4,
    VOID_EXTENSION,
    encodeChanges(applied.changesBefore),
    array(
      applied.operations.map(({ changes, outcome }) =>
        concat([VOID_EXTENSION, encodeChanges(changes), array(outcome.events.map(encodeEvent))])
      ),
    ),
    encodeChanges([]),
    sorobanMeta(applied),
    array(transactionEvents(applied)),
    array(
      applied.diagnostics.map((event) =>
        concat([uint32(applied.succeeded ? 1 : 0), encodeEvent(event)])
      ),
    ),
    encodeChanges(applied.refundChanges),
  ]);
}

function transactionEvents({ feeEvent, refundEvent }: AppliedTransaction): Uint8Array[] {
  const charged = concat([BEFORE_ALL_TRANSACTIONS, encodeEvent(feeEvent)]);
  if (refundEvent === undefined) return [charged];
  return [charged, concat([AFTER_ALL_TRANSACTIONS, encodeEvent(refundEvent)])];
}

function sorobanMeta({ transaction, succeeded, operations }: AppliedTransaction): Uint8Array {
  const demand = transaction.operations[0]?.soroban;
  if (demand === undefined) return ABSENT;
  const meta = xdr.SorobanTransactionMetaV2.schema.encode({
    ext: {
      v: 1,
      v1: {
        ext: { v: 0 },
        totalNonRefundableResourceFeeCharged: demand.nonRefundableFee,
        totalRefundableResourceFeeCharged: succeeded ? demand.refundableFee : 0n,
        rentFeeCharged: succeeded ? demand.rentFee : 0n,
      },
    },
    returnValue: operations[0]?.outcome.returnValue ?? null,
  });
  return concat([PRESENT, meta]);
}
