/**
 * The counters of a component: what it has begun, done and failed since it started. They are per
 * process, so only one stream of one run may use a process.
 */

import { Code, ConnectError } from "@connectrpc/connect";
import { HealthStatus } from "../gen/proto/flowctl/v1/common_pb.js";
import { sleep } from "../flow/retry.ts";
import { LinkLost } from "./faults.ts";
import type { Link } from "./link.ts";

export interface Counts {
  readonly processed: number;
  readonly succeeded: number;
  readonly failed: number;
}

/** Undefined when they cannot be read just now. */
export type ReadCounts = () => Promise<Counts | undefined>;

/**
 * How long counters are looked for in a component whose HealthCheck says UNKNOWN, as those of the
 * Go SDK do: their HTTP health begins beside the gRPC server, not before it.
 */
export const FIND_LIMIT_ms = 10_000;
const FIND_INTERVAL_ms = 50;
const READ_LIMIT_ms = 2_000;
const MAX_BODY_chars = 1_048_576;

/** Undefined: the component keeps none, neither over HTTP nor in its HealthCheck. */
export async function findCounters(link: Link): Promise<ReadCounts | undefined> {
  const { health } = link.address;
  const started = performance.now();
  for (;;) {
    if (health !== undefined) {
      const overHttp = () => readHttp(health);
      if (await overHttp() !== undefined) return overHttp;
    }
    const answer = await healthOf(link);
    if (answer === "silent") return undefined;
    if (countsOf(answer.metrics) !== undefined) return () => readGrpc(link);
    if (answer.status !== HealthStatus.UNKNOWN || health === undefined) return undefined;
    if (performance.now() - started > FIND_LIMIT_ms || link.lost.aborted) return undefined;
    await sleep(FIND_INTERVAL_ms, link.lost);
  }
}

async function healthOf(link: Link) {
  try {
    return await link.healthCheck();
  } catch (error) {
    if (ConnectError.from(error).code === Code.Unimplemented) return "silent" as const;
    throw new LinkLost("its HealthCheck does not answer", { cause: error });
  }
}

async function readHttp(origin: string): Promise<Counts | undefined> {
  try {
    const response = await fetch(`${origin}/metrics`, {
      signal: AbortSignal.timeout(READ_LIMIT_ms),
      redirect: "error",
    });
    const text = await response.text();
    if (!response.ok || text.length > MAX_BODY_chars) return undefined;
    const body: unknown = JSON.parse(text);
    if (typeof body !== "object" || body === null) return undefined;
    const { metrics } = body as { metrics?: unknown };
    return countsOf((metrics ?? body) as Readonly<Record<string, unknown>>);
  } catch {
    return undefined;
  }
}

async function readGrpc(link: Link): Promise<Counts | undefined> {
  try {
    return countsOf((await link.healthCheck()).metrics);
  } catch {
    return undefined;
  }
}

/** One that counts successes counts failures too; a count that is not there yet is 0. */
function countsOf(metrics: Readonly<Record<string, unknown>>): Counts | undefined {
  const read = (name: string) => {
    const value = metrics[name];
    const count = typeof value === "string" && value !== "" ? Number(value) : value;
    return typeof count === "number" && Number.isFinite(count) ? count : undefined;
  };
  const processed = read("processed_count");
  const succeeded = read("success_count");
  if (processed === undefined && succeeded === undefined) return undefined;
  return { processed: processed ?? 0, succeeded: succeeded ?? 0, failed: read("error_count") ?? 0 };
}
