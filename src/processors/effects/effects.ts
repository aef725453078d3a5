import { effectEvent } from "../../events/effect.ts";
import { ledgerEvent } from "../../events/ledger.ts";
import type { Row } from "../../flow/batch.ts";
import type { Processor, ProcessorDefinition } from "../../flow/component.ts";
import { configJsonSchema, configSchema } from "../../gen/config/effects.ts";
import type { Config } from "../../gen/config/effects.ts";
import { type AssetBook, assetBookOf } from "../../stellar/asset.ts";
import type { AppliedOperation } from "../../stellar/transaction-operations.ts";
import { configOf } from "../../flow/component-config.ts";
import { ledgerProcessor } from "../ledger-processor.ts";
import type { LedgerScope } from "../ledger-processor.ts";
import { EffectType } from "./effect-types.ts";
import { operationEffects } from "./operation-effects.ts";

export function createEffects(config: Config): Processor {
  return ledgerProcessor(
    (scope) => [{ type: effectEvent, rows: rowsOf(scope) }],
    config,
  );
}

function rowsOf(scope: LedgerScope): readonly Row[] {
  const assets = assetBookOf(scope.network);
  const rows: Row[] = [];
  for (const { operations, successful } of scope.transactionOperations()) {
    if (!successful) continue;
    for (const applied of operations) addRows(rows, scope, applied, assets);
  }
  return rows;
}

function addRows(
  rows: Row[],
  scope: LedgerScope,
  applied: AppliedOperation,
  assets: AssetBook,
): void {
  const transaction = applied.of.transaction.index;
  const operation = scope.transactionIdOf(transaction) + BigInt(applied.index + 1);
  const id = String(operation);
  const place = `${scope.idPrefix}-${transaction}-${applied.index}`;
  for (const [index, effect] of operationEffects(applied, assets).entries()) {
    rows.push({
      event_id: `${place}-${index}`,
      address: effect.address,
      address_muxed: effect.muxed ?? null,
      operation_id: operation,
      details: effect.details,
      type: EffectType[effect.name],
      type_string: effect.name,
      closed_at: scope.closedAt,
      ledger_sequence: scope.sequence,
      index,
      id: `${id}-${index}`,
    });
  }
}

export const effects: ProcessorDefinition = {
  name: "effects",
  role: "processor",
  aliases: ["effect", "effect-processor", "Effects"],
  summary: "One row per effect that an operation had on an account, as in Hubble.",
  configSchema,
  configJsonSchema,
  configAliases: { network: "network_passphrase" },
  accepts: [ledgerEvent.name],
  emits: [effectEvent.name],
  example: `id: effects
type: effects
inputs: [lake]
`,
  create: (context) => createEffects(configOf<Config>(context)),
};
