import { ledgerEvent } from "../../events/ledger.ts";
import { paymentEvent } from "../../events/payment.ts";
import type { Row } from "../../flow/batch.ts";
import type { Processor, ProcessorDefinition } from "../../flow/component.ts";
import { configJsonSchema, configSchema } from "../../gen/config/payments.ts";
import type { Config } from "../../gen/config/payments.ts";
import { memoTypeName } from "../../gen/xdr/memo-type.ts";
import { decimalOfDigits } from "../../stellar/amount.ts";
import { operationTypeText } from "../../stellar/operation-types.ts";
import { memoText } from "../../stellar/memo.ts";
import { type Payment, paymentOf } from "../../stellar/payments.ts";
import type { AppliedOperation } from "../../stellar/transaction-operations.ts";
import { configOf } from "../../flow/component-config.ts";
import { ledgerProcessor } from "../ledger-processor.ts";
import type { LedgerScope } from "../ledger-processor.ts";
import { createPaymentFilter, type PaymentFilter } from "./payment-filter.ts";

export function createPayments(config: Config): Processor {
  const keep = createPaymentFilter(config);
  return ledgerProcessor(
    (scope) => [{ type: paymentEvent, rows: paymentRows(scope, keep) }],
    config,
  );
}

/** Those of successful transactions, in the order of the ledger. */
export function paymentRows(scope: LedgerScope, keep: PaymentFilter): readonly Row[] {
  const rows: Row[] = [];
  for (const { operations, parts, successful } of scope.transactionOperations()) {
    if (!successful) continue;
    const memo = memoText(parts.memo);
    for (const applied of operations) {
      const payment = paymentOf(applied);
      if (payment === undefined || !keep(payment, memo)) continue;
      rows.push(paymentRow(scope, applied, payment, memo));
    }
  }
  return rows;
}

function paymentRow(
  scope: LedgerScope,
  { of: { transaction, parts }, operation, index }: AppliedOperation,
  { from, to, asset, amount, sentAsset, sentAmount }: Payment,
  memo: string,
): Row {
  const memoType = memoTypeName(parts.memo.type) ?? "";
  return {
    event_id: `${scope.idPrefix}-${transaction.index}-${index}`,
    transaction_hash: transaction.hash,
    operation_id: scope.transactionIdOf(transaction.index) + BigInt(index + 1),
    type: operationTypeText(operation.body.type),
    from: from.account,
    from_muxed: from.muxed ?? null,
    to: to.account,
    to_muxed: to.muxed ?? null,
    asset: asset.canonical,
    amount: decimalOfDigits(String(amount)),
    source_asset: sentAsset.canonical,
    source_amount: decimalOfDigits(String(sentAmount)),
    memo_type: memoType.replace(/^memo/, "").toLowerCase(),
    memo,
    ledger_sequence: scope.sequence,
    closed_at: scope.closedAt,
  };
}

export const payments: ProcessorDefinition = {
  name: "payments",
  role: "processor",
  aliases: ["FilterPayments", "payment", "filter-payments", "payment-processor"],
  summary: "Payments between accounts, by least amount, asset, account and memo.",
  configSchema,
  configJsonSchema,
  configAliases: {
    network: "network_passphrase",
    asset: "assets",
    asset_code: "assets",
    filter_assets: "assets",
    account: "accounts",
    filter_accounts: "accounts",
    memo: "memos",
  },
  accepts: [ledgerEvent.name],
  emits: [paymentEvent.name],
  example: `id: usdc
type: payments
inputs: [lake]
config:
  min_amount: 100
  assets: [USDC:GA5ZSEJYB37JRC5AVCIA5MOP4RHTM335X2KGX3IHOJAPP5RE34K4KZVN]
`,
  create: (context) => createPayments(configOf<Config>(context)),
};
