import { contractEvent } from "../../events/contract-event.ts";
import { ledgerEvent } from "../../events/ledger.ts";
import type { Row } from "../../flow/batch.ts";
import type { Processor, ProcessorDefinition } from "../../flow/component.ts";
import { configJsonSchema, configSchema } from "../../gen/config/contract-events.ts";
import type { Config } from "../../gen/config/contract-events.ts";
import { readTransactionEventStage } from "../../gen/xdr/transaction-event-stage.ts";
import { ContractEventParts, findEvents } from "../../stellar/contract-events.ts";
import type { LedgerTransaction } from "../../stellar/ledger-transaction.ts";
import { configOf } from "../../flow/component-config.ts";
import { ledgerProcessor } from "../ledger-processor.ts";
import type { LedgerScope } from "../ledger-processor.ts";
import { asksForDiagnostic, createEventFilter } from "./event-filter.ts";
import type { EventFilter } from "./event-filter.ts";
import { contractEventRow } from "./event-row.ts";

/** In the order of TransactionEventStage. */
const STAGES = ["before_all_txs", "after_tx", "after_all_txs"];

export function createContractEvents(config: Config): Processor {
  const keep = createEventFilter(config);
  const withDiagnostic = config.diagnostic_events || asksForDiagnostic(config);
  return ledgerProcessor((scope) => {
    const rows: Row[] = [];
    for (const transaction of scope.transactions()) {
      addEvents(rows, scope, transaction, keep, withDiagnostic);
    }
    return [{ type: contractEvent, rows }];
  }, config);
}

function addEvents(
  rows: Row[],
  scope: LedgerScope,
  transaction: LedgerTransaction,
  keep: EventFilter,
  withDiagnostic: boolean,
): void {
  const { xdr } = transaction;
  const places = findEvents(transaction);
  for (const [index, offset] of places.transaction.entries()) {
    const event = new ContractEventParts(xdr, offset + 4);
    if (!keep(event)) continue;
    const stage = STAGES[readTransactionEventStage(xdr, offset)] ?? "";
    const place = { stage, id: `t${index}`, operation: undefined, index, inSuccessfulCall: true };
    rows.push(contractEventRow(scope, transaction, event, place));
  }
  for (const [operation, offsets] of places.operations.entries()) {
    for (const [index, offset] of offsets.entries()) {
      const event = new ContractEventParts(xdr, offset);
      if (!keep(event)) continue;
      const id = `${operation}-${index}`;
      const place = { stage: "operation", id, operation, index, inSuccessfulCall: true };
      rows.push(contractEventRow(scope, transaction, event, place));
    }
  }
  if (!withDiagnostic) return;
  for (const [index, offset] of places.diagnostic.entries()) {
    const event = new ContractEventParts(xdr, offset + 4);
    if (!keep(event)) continue;
    const inSuccessfulCall = xdr.bool(offset, "DiagnosticEvent");
    const place = {
      stage: "diagnostic",
      id: `d${index}`,
      operation: undefined,
      index,
      inSuccessfulCall,
    };
    rows.push(contractEventRow(scope, transaction, event, place));
  }
}

export const contractEvents: ProcessorDefinition = {
  name: "contract-events",
  role: "processor",
  aliases: [
    "ContractEvent",
    "ContractEvents",
    "FilterContractEvents",
    "contract-event",
    "contract-events-processor",
    "contract-event-processor",
  ],
  summary: "Events of contracts and of classic operations, decoded and as XDR, as in Hubble.",
  configSchema,
  configJsonSchema,
  configAliases: {
    contract_id: "contract_ids",
    contracts: "contract_ids",
    topic: "topics",
    event_type: "event_types",
    include_diagnostic_events: "diagnostic_events",
    network: "network_passphrase",
  },
  accepts: [ledgerEvent.name],
  emits: [contractEvent.name],
  example: `id: events
type: contract-events
inputs: [lake]
config:
  topics: [transfer]
`,
  create: (context) => createContractEvents(configOf<Config>(context)),
};
