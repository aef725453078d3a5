/** Hands a backfill to the fleet and follows it to its end. */

import { tellChunk, tellRun } from "../../backfill/chunk-runs.ts";
import { isOver, plannedChunk } from "../../backfill/chunk-status.ts";
import type { ChunkStatus } from "../../backfill/chunk-status.ts";
import { openFleetQueue } from "../../backfill/fleet-queue.ts";
import { planChunks } from "../../backfill/plan.ts";
import type { Backfill } from "../../backfill/plan.ts";
import type { Bus } from "../../bus/connection.ts";
import type { Link } from "../../control/client/link.ts";
import { RunStatus } from "../../gen/proto/flowctl/control_plane_pb.js";
import { FlowctlError } from "../../spec/errors.ts";

const CONNECT_WAIT_ms = 10_000;

export interface FleetBackfillOptions {
  readonly backfill: Backfill;
  readonly bus: Bus;
  /** Undefined: the control plane is not told. */
  readonly link: Link | undefined;
  readonly again: boolean;
  /** Fires: stop following; the fleet goes on. */
  readonly signal: AbortSignal;
  readonly onChange: (chunk: ChunkStatus) => void;
}

/** Resolves when every chunk is verified or failed, or the signal fires. */
export async function backfillOverFleet(
  options: FleetBackfillOptions,
): Promise<readonly ChunkStatus[]> {
  const { backfill, bus, link, signal } = options;
  const nats = await bus.connected(CONNECT_WAIT_ms, signal);
  if (nats === undefined) {
    throw new FlowctlError("control/unreachable", "NATS does not answer", {
      hint: "check --nats, or NATS_URL",
      retryable: true,
    });
  }
  const queue = await openFleetQueue(nats);
  if (options.again) await queue.forget(backfill.id);
  await queue.announce(backfill);
  await tellRun(link, backfill, RunStatus.RUNNING);
  const chunks = new Map<number, ChunkStatus>(
    planChunks(backfill).map(({ first, last }) => [first, plannedChunk(first, last)]),
  );
  for (const known of await queue.status(backfill.id)) {
    if (known.status === "verified") chunks.set(known.first, known);
  }
  for (const chunk of chunks.values()) {
    if (chunk.status === "verified") continue;
    await queue.note(backfill.id, chunk);
    await queue.add(backfill.id, chunk);
    await tellChunk(link, backfill, chunk);
  }

  const open = () => [...chunks.values()].filter((chunk) => !isOver(chunk)).length;
  const over = new AbortController();
  const stop = AbortSignal.any([signal, over.signal]);
  if (open() === 0) over.abort();
  for await (const chunk of queue.watch(backfill.id, stop)) {
    const before = chunks.get(chunk.first);
    if (before === undefined) continue;
    chunks.set(chunk.first, chunk);
    if (before.status !== chunk.status || before.attempt !== chunk.attempt) options.onChange(chunk);
    if (open() === 0) over.abort();
  }
  const list = [...chunks.values()];
  if (open() === 0) {
    const failed = list.some(({ status }) => status === "failed");
    await tellRun(link, backfill, failed ? RunStatus.FAILED : RunStatus.COMPLETED);
  }
  return list;
}
