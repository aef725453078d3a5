import { ledgerEvent } from "../../events/ledger.ts";
import { tradeEvent } from "../../events/trade.ts";
import type { Row } from "../../flow/batch.ts";
import type { Processor, ProcessorDefinition } from "../../flow/component.ts";
import { configJsonSchema, configSchema } from "../../gen/config/trades.ts";
import type { Config } from "../../gen/config/trades.ts";
import { configOf } from "../../flow/component-config.ts";
import { ledgerProcessor } from "../ledger-processor.ts";
import type { LedgerScope } from "../ledger-processor.ts";
import { tradeRows } from "./trade-rows.ts";

export function createTrades(config: Config): Processor {
  return ledgerProcessor(
    (scope) => [{ type: tradeEvent, rows: rowsOf(scope) }],
    config,
  );
}

function rowsOf(scope: LedgerScope): readonly Row[] {
  const rows: Row[] = [];
  for (const { operations, successful } of scope.transactionOperations()) {
    if (!successful) continue;
    for (const applied of operations) rows.push(...tradeRows(scope, applied));
  }
  return rows;
}

export const trades: ProcessorDefinition = {
  name: "trades",
  role: "processor",
  aliases: ["trade", "trade-processor", "Trades"],
  summary: "One row per trade with an offer or a liquidity pool, as in Hubble.",
  configSchema,
  configJsonSchema,
  configAliases: { network: "network_passphrase" },
  accepts: [ledgerEvent.name],
  emits: [tradeEvent.name],
  example: `id: trades
type: trades
inputs: [lake]
`,
  create: (context) => createTrades(configOf<Config>(context)),
};
