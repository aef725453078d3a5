/**
 * What Prometheus clients say of their process, by the names that they all use. Statistics of the
 * heap are left out: to take them, the runtime walks the heap, and everybody waits.
 */

import { readdirSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import process from "node:process";
import { createExposition, labelText } from "./exposition.ts";

const RESOLUTION_MS = 10;
const QUANTILES = [0.5, 0.99, 1];
const FILES = "/proc/self/fd";

let delays: ReturnType<typeof monitorEventLoopDelay> | undefined;
const startedSeconds = Date.now() / 1_000 - process.uptime();

/** In the exposition format. The event loop is watched from the first call on. */
export function processMetrics(): string {
  const exposition = createExposition();
  const gauge = (name: string, help: string, value: number) =>
    exposition.sample(name, "gauge", help, "", value);
  const { user, system } = process.cpuUsage();
  exposition.sample(
    "process_cpu_seconds_total",
    "counter",
    "User and system CPU time.",
    "",
    (user + system) / 1e6,
  );
  gauge("process_resident_memory_bytes", "Resident memory.", process.memoryUsage.rss());
  gauge("process_start_time_seconds", "When the process started, Unix seconds.", startedSeconds);
  const open = openFiles();
  if (open !== undefined) gauge("process_open_fds", "Open file descriptors.", open);
  if (delays === undefined) {
    delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    delays.enable();
  }
  for (const quantile of QUANTILES) {
    const nanoseconds = quantile === 1 ? delays.max : delays.percentile(quantile * 100);
    exposition.sample(
      "flowctl_event_loop_delay_seconds",
      "gauge",
      "How late the event loop was since the last scrape.",
      labelText({ quantile: String(quantile) }),
      Math.max(0, nanoseconds) / 1e9,
    );
  }
  delays.reset();
  return [...exposition.texts()].join("");
}

/** Undefined where the system has no such folder. */
function openFiles(): number | undefined {
  try {
    return readdirSync(FILES).length;
  } catch {
    return undefined;
  }
}
