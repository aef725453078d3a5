import { ledgerEvent } from "../../events/ledger.ts";
import { operationEvent } from "../../events/operation.ts";
import type { Row } from "../../flow/batch.ts";
import type { Processor, ProcessorDefinition } from "../../flow/component.ts";
import { configJsonSchema, configSchema } from "../../gen/config/operations.ts";
import type { Config } from "../../gen/config/operations.ts";
import { assetBookOf } from "../../stellar/asset.ts";
import { configOf } from "../../flow/component-config.ts";
import { ledgerProcessor } from "../ledger-processor.ts";
import type { LedgerScope } from "../ledger-processor.ts";
import { operationRow } from "./operation-row.ts";

export function createOperations(config: Config): Processor {
  return ledgerProcessor(
    (scope) => [{ type: operationEvent, rows: rowsOf(scope) }],
    config,
  );
}

function rowsOf(scope: LedgerScope): readonly Row[] {
  const assets = assetBookOf(scope.network);
  const rows: Row[] = [];
  for (const { operations } of scope.transactionOperations()) {
    for (const applied of operations) rows.push(operationRow(scope, applied, assets));
  }
  return rows;
}

export const operations: ProcessorDefinition = {
  name: "operations",
  role: "processor",
  aliases: ["operation", "operation-processor", "Operations"],
  summary: "One row per operation: what it asks for and how it ended, as in Hubble.",
  configSchema,
  configJsonSchema,
  configAliases: { network: "network_passphrase" },
  accepts: [ledgerEvent.name],
  emits: [operationEvent.name],
  example: `id: ops
type: operations
inputs: [lake]
`,
  create: (context) => createOperations(configOf<Config>(context)),
};
