import { largeTransactionEvent } from "../events/large-transaction.ts";
import { ledgerEvent } from "../events/ledger.ts";
import type { Row } from "../flow/batch.ts";
import type { Processor, ProcessorDefinition } from "../flow/component.ts";
import { configJsonSchema, configSchema } from "../gen/config/large-transaction-detector.ts";
import type { Config } from "../gen/config/large-transaction-detector.ts";
import { OperationType } from "../gen/xdr/operation-type.ts";
import { decimalOfDigits, stroopsOf } from "../stellar/amount.ts";
import { assetTransfers } from "../stellar/asset-events.ts";
import { type AssetBook, assetBookOf } from "../stellar/asset.ts";
import { paymentOf } from "../stellar/payments.ts";
import type { AppliedOperation } from "../stellar/transaction-operations.ts";
import { configOf } from "../flow/component-config.ts";
import { ledgerProcessor } from "./ledger-processor.ts";
import type { LedgerScope } from "./ledger-processor.ts";

export function createLargeTransactionDetector(config: Config): Processor {
  const threshold = stroopsOf(config.threshold_xlm);
  return ledgerProcessor(
    (scope) => [{ type: largeTransactionEvent, rows: rowsOf(scope, threshold) }],
    config,
  );
}

/** Lumens on their way from one address to another. */
interface Movement {
  readonly from: string;
  readonly to: string;
  readonly stroops: bigint;
}

function rowsOf(scope: LedgerScope, threshold: bigint): readonly Row[] {
  const assets = assetBookOf(scope.network);
  const rows: Row[] = [];
  for (const { transaction, operations, successful } of scope.transactionOperations()) {
    if (!successful) continue;
    for (const applied of operations) {
      for (const [index, { from, to, stroops }] of movements(applied, assets).entries()) {
        if (stroops < threshold) continue;
        rows.push({
          event_id: `${scope.idPrefix}-${transaction.index}-${applied.index}-${index}`,
          transaction_hash: transaction.hash,
          amount: decimalOfDigits(String(stroops)),
          source_account: from,
          destination_account: to,
          timestamp: scope.closedAt,
          ledger_sequence: scope.sequence,
        });
      }
    }
  }
  return rows;
}

/** Contract calls can move lumens several times; other operations once. */
function movements(applied: AppliedOperation, assets: AssetBook): readonly Movement[] {
  if (applied.operation.body.type === OperationType.invokeHostFunction) {
    return assetTransfers(applied, assets).flatMap(({ asset, from, to, amount }) =>
      asset.type !== "native" || from === null || to === null
        ? []
        : [{ from, to, stroops: BigInt(amount) }]
    );
  }
  const payment = paymentOf(applied);
  if (payment === undefined || payment.asset.type !== "native") return [];
  const { from, to, amount } = payment;
  return [{ from: from.account, to: to.account, stroops: amount }];
}

export const largeTransactionDetector: ProcessorDefinition = {
  name: "large-transaction-detector",
  role: "processor",
  aliases: ["transaction-analyzer", "large-transactions", "LargeTransactionDetector"],
  summary: "Movements of lumens of at least a threshold: payments, and transfers by contracts.",
  configSchema,
  configJsonSchema,
  configAliases: { network: "network_passphrase", threshold: "threshold_xlm" },
  accepts: [ledgerEvent.name],
  emits: [largeTransactionEvent.name],
  example: `id: whales
type: large-transaction-detector
inputs: [lake]
config:
  threshold_xlm: 100000
`,
  create: (context) => createLargeTransactionDetector(configOf<Config>(context)),
};
