/**
 * How far pipelines are behind their network, from what their sources heartbeat: `last_sequence`,
 * and `network_ledger`, the newest ledger that they know the network to have.
 */

import type { ServiceRecord } from "./model.ts";

/** A pipeline that is further behind is out of sync; `--max-lag` says otherwise. */
export const DEFAULT_MAX_LAG_LEDGERS = 1_000;

export interface NetworkLag {
  readonly pipeline: string;
  readonly network: string;
  readonly service_id: string;
  readonly component_id: string;
  readonly last_sequence: number;
  readonly network_ledger: number;
  readonly lag_ledgers: number;
}

export function networkOf({ metadata }: ServiceRecord): string {
  return metadata["network"] || metadata["stellar_network"] || "";
}

/** A range that ends is behind by intention: a backfill does not lag. */
const BOUNDED_MODES: ReadonlySet<string> = new Set(["batch", "backfill", "bounded"]);

function follows({ role, state, work, metadata }: ServiceRecord): boolean {
  return (role === "source" || role === "pipeline") && state !== "gone" && work === "running" &&
    !BOUNDED_MODES.has(metadata["processing_mode"] ?? "");
}

/**
 * The lag of every running source whose network's newest ledger anyone knows. One source that
 * knows the head speaks for all of its network.
 */
export function networkLags(services: readonly ServiceRecord[]): readonly NetworkLag[] {
  const heads = new Map<string, number>();
  for (const service of services) {
    const head = service.state === "gone" ? undefined : service.metrics["network_ledger"];
    const network = networkOf(service);
    if (head !== undefined && head > (heads.get(network) ?? 0)) heads.set(network, head);
  }
  return services.filter(follows).flatMap((service) => {
    const network = networkOf(service);
    const { last_sequence } = service.metrics;
    // Networks without a name are not one network.
    const head = network === "" ? service.metrics["network_ledger"] : heads.get(network);
    if (head === undefined || last_sequence === undefined) return [];
    return [{
      pipeline: service.metadata["pipeline"] ?? "",
      network,
      service_id: service.service_id,
      component_id: service.component_id,
      last_sequence,
      network_ledger: head,
      lag_ledgers: Math.max(0, head - last_sequence),
    }];
  });
}
