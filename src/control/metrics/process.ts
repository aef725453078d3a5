/** What Prometheus clients say of their process: CPU, memory, files, the event loop. */

import { collectDefaultMetrics, Registry } from "prom-client";

let registry: Registry | undefined;

/** One for the process: its collectors watch the event loop all the while. */
export function processRegistry(): Registry {
  if (registry === undefined) {
    registry = new Registry();
    collectDefaultMetrics({ register: registry });
  }
  return registry;
}

/** In the exposition format. */
export function processMetrics(): Promise<string> {
  return processRegistry().metrics();
}
