/**
 * The `cdp_…` metrics, by what components heartbeat. Their names and labels are those that existing
 * dashboards ask for; components of one label set are added up.
 */

import type { ServiceRecord } from "../model.ts";
import { networkOf } from "../network-lag.ts";
import type { Exposition } from "./exposition.ts";
import { labelText, metricName } from "./exposition.ts";

const CONTRACT_EVENT = "stellar.contract_event.v1";
const OF_PROCESS = "cdp.";
const COST = "estimated_cost_dollars";
/** `cdp.transactions_total` counts all; with a type after a dot those of that type. */
const TRANSACTIONS = "cdp.transactions_total";

/** `pipelinesWithSources`: where sources tell, their process is not counted beside them. */
export function exposeCdp(
  exposition: Exposition,
  service: ServiceRecord,
  pipelinesWithSources: ReadonlySet<string>,
): void {
  const { metrics, metadata, role, component_id } = service;
  const network = networkOf(service);
  const pipeline = metadata["pipeline"] ?? "";
  const ledgers = role === "source"
    ? metrics["ledgers_processed"]
    : pipelinesWithSources.has(pipeline)
    ? undefined
    : metrics["cdp.ledgers_processed"];
  if (ledgers !== undefined) {
    exposition.sum(
      "cdp_ledgers_processed_total",
      "counter",
      "Total number of Stellar ledgers processed.",
      labelText({ network, pipeline, source: component_id }),
      ledgers,
    );
  }
  if (role === "source" && metrics["total_bytes"] !== undefined) {
    exposition.sum(
      "cdp_bytes_processed_total",
      "counter",
      "Total bytes of Stellar data processed.",
      labelText({ network, source: component_id }),
      metrics["total_bytes"],
    );
  }
  if (metrics["events_extracted"] !== undefined) exposeContractEvents(exposition, service, network);
  for (const [name, value] of Object.entries(metrics)) {
    if (name === TRANSACTIONS || name.startsWith(`${TRANSACTIONS}.`)) {
      const type = name.slice(TRANSACTIONS.length + 1) || "all";
      exposition.sum(
        "cdp_transactions_processed_total",
        "counter",
        "Total number of transactions processed.",
        labelText({ network, type, pipeline }),
        value,
      );
    }
    if (name === COST || name === OF_PROCESS + COST) {
      exposition.sum(
        "cdp_estimated_cost_dollars",
        "gauge",
        "Estimated cost in dollars.",
        labelText({ pipeline, provider: metadata["provider"] ?? "" }),
        value,
      );
    } else if (name.startsWith(OF_PROCESS)) {
      exposition.sum(
        metricName(name),
        "untyped",
        `${name} of the processes of a pipeline.`,
        labelText({ network, pipeline, component: component_id }),
        value,
      );
    }
  }
}

function exposeContractEvents(
  exposition: Exposition,
  { metrics, metadata, output_event_types }: ServiceRecord,
  network: string,
): void {
  const type = output_event_types.find((name) => name === CONTRACT_EVENT);
  if (type === undefined) return;
  exposition.sum(
    "cdp_contract_events_total",
    "counter",
    "Total contract events processed.",
    labelText({ network, contract: metadata["contract_ids"] ?? "", event_type: type }),
    metrics["events_extracted"] ?? 0,
  );
}
