/** An operation as a row of `stellar.operation.v1`. */

import type { Row } from "../../flow/batch.ts";
import type { AssetBook } from "../../stellar/asset.ts";
import { operationTypeText } from "../../stellar/operation-types.ts";
import type { AppliedOperation } from "../../stellar/transaction-operations.ts";
import type { LedgerScope } from "../ledger-processor.ts";
import { operationDetails } from "./details.ts";
import { resultCodes } from "../../stellar/result-codes.ts";

export function operationRow(
  scope: LedgerScope,
  applied: AppliedOperation,
  assets: AssetBook,
): Row {
  const { index } = applied.of.transaction;
  const { type } = applied.operation.body;
  const transactionId = scope.transactionIdOf(index);
  const codes = resultCodes(applied.result);
  return {
    event_id: `${scope.idPrefix}-${index}-${applied.index}`,
    source_account: applied.source.account,
    source_account_muxed: applied.source.muxed ?? null,
    type,
    type_string: operationTypeText(type),
    details: operationDetails(applied, assets),
    transaction_id: transactionId,
    id: transactionId + BigInt(applied.index + 1),
    closed_at: scope.closedAt,
    operation_result_code: codes.result,
    operation_trace_code: codes.trace,
    ledger_sequence: scope.sequence,
  };
}
