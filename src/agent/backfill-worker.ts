/** Pulls chunks of backfills from the fleet's queue and does them, one after the other. */

import type { Bus, Nats } from "../bus/connection.ts";
import type { Link } from "../control/client/link.ts";
import { CHUNK_BEAT_ms, tellChunk, tellRun } from "../backfill/chunk-runs.ts";
import { isOver, plannedChunk, verifiedChunk } from "../backfill/chunk-status.ts";
import type { ChunkStatus } from "../backfill/chunk-status.ts";
import { MAX_DELIVERIES, openFleetQueue, WORKING_INTERVAL_ms } from "../backfill/fleet-queue.ts";
import type { FleetQueue, QueuedChunk } from "../backfill/fleet-queue.ts";
import { planChunks } from "../backfill/plan.ts";
import type { Backfill } from "../backfill/plan.ts";
import { runChunk } from "../backfill/run-chunk.ts";
import type { Logger } from "../flow/component.ts";
import { RunStatus } from "../gen/proto/flowctl/control_plane_pb.js";
import { loadText } from "../load-text.ts";
import { formatDiagnostic } from "../spec/diagnostic.ts";
import { FlowctlError, messageOf } from "../spec/errors.ts";
import type { PipelineSpec } from "../spec/pipeline.ts";

/** How long one request for a chunk stays with the server. */
const PULL_WAIT_ms = 5_000;
/** How long an agent without NATS waits before it looks again. */
const AWAY_WAIT_ms = 5_000;
const RETRY_DELAY_ms = 2_000;

export interface BackfillWorkerOptions {
  readonly agent: string;
  readonly bus: Bus;
  readonly link: Link | undefined;
  readonly log: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface BackfillWorker {
  /** Gives up the chunk that it is at, for others to do, and ends. */
  stop(): Promise<void>;
}

export function startBackfillWorker(options: BackfillWorkerOptions): BackfillWorker {
  const { bus, log } = options;
  const stopped = new AbortController();
  let queue: { readonly of: Nats; readonly queue: FleetQueue } | undefined;

  async function turn(): Promise<void> {
    const nats = await bus.connected(AWAY_WAIT_ms, stopped.signal);
    if (nats === undefined) return;
    if (queue?.of !== nats) queue = { of: nats, queue: await openFleetQueue(nats) };
    const chunk = await queue.queue.next(PULL_WAIT_ms);
    if (chunk === undefined) return;
    if (stopped.signal.aborted) chunk.again(0);
    else await doChunk(queue.queue, chunk, options, stopped.signal);
  }

  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      try {
        await turn();
      } catch (error) {
        queue = undefined;
        log.debug(`the queue of backfills: ${messageOf(error)}`);
        await bus.connected(0, stopped.signal);
        await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_ms));
      }
    }
  }
  const running = run();
  return {
    stop: () => {
      stopped.abort();
      // A request for a chunk that waits with the server need not be waited for.
      return Promise.race([running, new Promise<void>((resolve) => setTimeout(resolve, 1_000))]);
    },
  };
}

async function doChunk(
  queue: FleetQueue,
  queued: QueuedChunk,
  options: BackfillWorkerOptions,
  signal: AbortSignal,
): Promise<void> {
  const { agent, log, env, link } = options;
  const { first, last, delivery } = queued;
  const backfill = await queue.backfill(queued.backfill);
  if (backfill === undefined) return queued.giveUp("its backfill is not known");
  const note = async (chunk: ChunkStatus) => {
    await queue.note(backfill.id, chunk);
    await tellChunk(link, backfill, chunk);
  };
  const started: ChunkStatus = {
    ...plannedChunk(first, last),
    status: "running",
    attempt: delivery,
    by: agent,
    started_at_ms: Date.now(),
  };
  const fields = { pipeline: backfill.pipeline, first, last };
  const working = setInterval(() => queued.working(), WORKING_INTERVAL_ms);
  let telling: Promise<void> = Promise.resolve();
  const beat = setInterval(
    () => void (telling = tellChunk(link, backfill, started)),
    CHUNK_BEAT_ms,
  );
  /** What is told last is how it ended. */
  const noteEnd = async (chunk: ChunkStatus) => {
    clearInterval(beat);
    await telling;
    await note(chunk);
  };
  try {
    await note(started);
    const pipeline = readPipeline(backfill.yaml, backfill.pipeline, env);
    const result = await runChunk({ pipeline, chunk: queued, log, env, signal });
    await noteEnd(verifiedChunk(started, result, Date.now()));
    await queued.done();
    log.info("chunk verified", { ...fields, rows: result.rows });
  } catch (error) {
    if (signal.aborted) return queued.again(0);
    const final = delivery >= MAX_DELIVERIES ||
      (error instanceof FlowctlError && !error.retryable && error.code !== "flow/internal");
    log.error(`chunk: ${messageOf(error)}`, fields);
    if (final) queued.giveUp(messageOf(error));
    else queued.again(RETRY_DELAY_ms);
    await noteEnd({
      ...started,
      status: final ? "failed" : "retry_pending",
      error: messageOf(error),
      ended_at_ms: Date.now(),
    });
  } finally {
    clearInterval(working);
    clearInterval(beat);
  }
  await tellEnd(queue, backfill, link);
}

/** Whoever asked for the backfill may have gone: the last chunk's agent tells its end. */
async function tellEnd(queue: FleetQueue, backfill: Backfill, link: Link | undefined) {
  if (link === undefined || !await queue.idle()) return;
  const chunks = await queue.status(backfill.id);
  if (chunks.length < planChunks(backfill).length || !chunks.every(isOver)) return;
  const failed = chunks.some(({ status }) => status === "failed");
  await tellRun(link, backfill, failed ? RunStatus.FAILED : RunStatus.COMPLETED);
}

function readPipeline(
  yaml: string,
  name: string,
  env: BackfillWorkerOptions["env"],
): PipelineSpec {
  const { pipeline, diagnostics } = loadText({ text: yaml, name, env, mode: "run" });
  if (pipeline !== undefined) return pipeline;
  throw new FlowctlError("spec/invalid", diagnostics.map(formatDiagnostic).join("\n"));
}
