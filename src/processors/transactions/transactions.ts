import { ledgerEvent } from "../../events/ledger.ts";
import { transactionEvent } from "../../events/transaction.ts";
import type { Row } from "../../flow/batch.ts";
import type { Processor, ProcessorDefinition } from "../../flow/component.ts";
import { configJsonSchema, configSchema } from "../../gen/config/transactions.ts";
import type { Config } from "../../gen/config/transactions.ts";
import { envelopeOf, indexEnvelopes } from "../../stellar/envelope.ts";
import { configOf } from "../../flow/component-config.ts";
import { ledgerProcessor } from "../ledger-processor.ts";
import type { LedgerScope } from "../ledger-processor.ts";
import { transactionRow } from "./transaction-row.ts";

export function createTransactions(config: Config): Processor {
  return ledgerProcessor(
    (scope) => [{ type: transactionEvent, rows: rowsOf(scope) }],
    config,
  );
}

function rowsOf(scope: LedgerScope): readonly Row[] {
  const envelopes = indexEnvelopes(scope.ledger, scope.network);
  const rows: Row[] = [];
  for (const transaction of scope.transactions()) {
    rows.push(transactionRow(scope, transaction, envelopeOf(envelopes, transaction)));
  }
  return rows;
}

export const transactions: ProcessorDefinition = {
  name: "transactions",
  role: "processor",
  aliases: ["transaction-processor", "transaction", "Transactions"],
  summary: "One row per transaction: envelope, result and meta, and what they say, as in Hubble.",
  configSchema,
  configJsonSchema,
  configAliases: { network: "network_passphrase" },
  accepts: [ledgerEvent.name],
  emits: [transactionEvent.name],
  example: `id: txs
type: transactions
inputs: [lake]
`,
  create: (context) => createTransactions(configOf<Config>(context)),
};
