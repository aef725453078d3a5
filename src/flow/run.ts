/** Runs a pipeline on this machine: the graph, its edges, its checkpoints. */

import { type Collector, createCollector } from "../runtime/memory.ts";
import type { PipelineSpec } from "../spec/pipeline.ts";
import { FlowctlError, messageOf } from "../spec/errors.ts";
import type { ChunkInHand, ComponentDefinition, Logger, RunIdentity } from "./component.ts";
import { createControl } from "./control.ts";
import type { Control } from "./control.ts";
import { buildGraph } from "./graph.ts";
import type { Graph } from "./graph.ts";
import { createMonitor } from "./monitor.ts";
import type { Monitor } from "./monitor.ts";
import type { Workers } from "./offload/crew.ts";
import type { WorkerHost } from "./offload/offload.ts";
import { prepareNodes } from "./nodes.ts";
import type { Nodes } from "./nodes.ts";
import { createPacer } from "./pacer.ts";
import { ABORT_CLOSE_DEADLINE_ms, CLOSE_DEADLINE_ms, closeParts } from "./parts.ts";
import type { Parts } from "./parts.ts";
import { openState, pipelineKey } from "./state.ts";
import type { State } from "./state.ts";
import type { RunStats, RunSummary } from "./stats.ts";
import { closeAll, layStrands, pause, pushAll, runStrand } from "./strands.ts";
import type { Strand } from "./strands.ts";
import { createTaps } from "./taps.ts";
import type { TapListener, TapOptions, Taps } from "./taps.ts";

/** How long `stop` lets batches that are on their way reach the sinks and be committed. */
export const DRAIN_DEADLINE_ms = 30_000;

export interface RunOptions {
  readonly pipeline: PipelineSpec;
  /** What `type` names are looked up in, by name and role. */
  readonly catalogue: readonly ComponentDefinition[];
  /** Folder of `state.db` and the locks; created when missing. Unused when not persistent. */
  readonly stateDir: string;
  /** False: checkpoints and dead letters live in memory and end with the run. */
  readonly persistent: boolean;
  /** First ledger, of every source; overrides the config. Below a checkpoint it needs `reset`. */
  readonly from?: number | undefined;
  /** Last ledger, of every source; overrides the config. */
  readonly to?: number | undefined;
  /** Forget checkpoints, snapshots and dead letters, and have sinks drop what they hold. */
  readonly reset?: boolean;
  /** At the head of the network: wait (true, the default), or fail with `source/head-reached`. */
  readonly wait?: boolean;
  readonly log: Logger;
  /** The process's environment; a component's own `env` overlays it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Told to the components that are processes of their own. */
  readonly identity?: RunIdentity | undefined;
  /** Of the assignment under which this run goes; a sink yields to a later one. Default 0. */
  readonly epoch?: number;
  /** The run is one chunk of a backfill; its bounds are `from` and `to`. */
  readonly chunk?: ChunkInHand;
  /** Worker threads that share the work, in place of what the pipeline says. */
  readonly workers?: Workers | undefined;
  /** Where worker threads come from. Without it there are none. */
  readonly workerHost?: WorkerHost | undefined;
  /** Default `DRAIN_DEADLINE_ms`. */
  readonly drainDeadline_ms?: number;
}

export interface Run {
  /** Never rejects: a run that failed resolves with outcome "failed" and its error. */
  readonly done: Promise<RunSummary>;
  /** Drain: sources stop, what is on its way reaches the sinks, they commit. Safe to repeat. */
  stop(): void;
  /** End at once, without a commit; a later run goes on from the last checkpoints. */
  abort(): void;
  /** Cheap enough to poll ten times a second. */
  stats(): RunStats;
  /**
   * Looks at the batches that a source or processor gives, or that a sink has taken, until the
   * returned function is called. A component that does not exist gives none.
   */
  tap(component: string, listener: TapListener, options?: TapOptions): () => void;
}

/** Starts the pipeline at once; every error, also one in the options, arrives through `done`. */
export function startRun(options: RunOptions): Run {
  const control = createControl(options.drainDeadline_ms ?? DRAIN_DEADLINE_ms);
  const monitor = createMonitor(options.pipeline);
  const taps = createTaps();
  const done = runPipeline(options, control, monitor, taps).then(
    (outcome) => monitor.summary(outcome, control.failure()),
    (error: unknown) => monitor.summary("failed", asFlowctlError(error)),
  ).finally(() => control.settle());
  return {
    done,
    stop: control.stop,
    abort: control.abort,
    stats: monitor.stats,
    tap: taps.add,
  };
}

async function runPipeline(
  options: RunOptions,
  control: Control,
  monitor: Monitor,
  taps: Taps,
): Promise<"completed" | "stopped"> {
  const graph = buildGraph(options.pipeline);
  const state = openState({
    stateDir: options.persistent ? options.stateDir : undefined,
    pipeline: pipelineKey(options.pipeline),
  });
  const parts: Parts = { sources: new Map(), processors: new Map(), sinks: new Map() };
  try {
    if (options.reset === true) state.reset();
    const collector = createCollector();
    const flow = flowThrough({ options, control, monitor, taps, graph, state, parts, collector });
    return await Promise.race([flow, control.ending.then(() => endedEarly(control))]);
  } finally {
    const deadline_ms = control.ended.aborted ? ABORT_CLOSE_DEADLINE_ms : CLOSE_DEADLINE_ms;
    await closeParts(parts, options.log, deadline_ms);
    state.close();
  }
}

/** A run that failed stays failed when what is left of it does not end in time. */
function endedEarly(control: Control): "stopped" {
  const failure = control.failure();
  if (failure !== undefined && failure.code !== "flow/deadline") throw failure;
  return "stopped";
}

interface Flow {
  readonly options: RunOptions;
  readonly control: Control;
  readonly monitor: Monitor;
  readonly taps: Taps;
  readonly graph: Graph;
  readonly state: State;
  readonly parts: Parts;
  readonly collector: Collector;
}

async function flowThrough(flow: Flow): Promise<"completed" | "stopped"> {
  const nodes = await prepareNodes(flow).catch((error: unknown) => {
    // Whoever waited while the run was being prepared was told to give up.
    if (flow.control.stopped.aborted) return undefined;
    throw error;
  });
  if (nodes === undefined) return "stopped";
  const ended = await runStrands(flow, nodes).finally(nodes.close);

  const failure = flow.control.failure();
  // Only the end of the range finishes incomplete output: a file that a drain cut short would
  // differ from that of a run that nobody stopped.
  const reason = ended && failure === undefined ? "final" : "interval";
  const commits = [...nodes.sinks.values()].map((sink) => sink.commit(reason));
  const results = await Promise.allSettled(commits);
  if (failure !== undefined) throw failure;
  for (const result of results) if (result.status === "rejected") throw result.reason;
  for (const processor of nodes.processors.values()) processor.saveSnapshot();
  return ended ? "completed" : "stopped";
}

/** True when every source has ended by itself. Failures are left in `control`. */
async function runStrands(flow: Flow, nodes: Nodes): Promise<boolean> {
  const { control, monitor, taps, graph, parts, collector } = flow;
  // A sink with an encoder works itself; one without leaves most to a server, and waits for it.
  const isBusy = (id: string) => parts.sinks.get(id)?.encode !== undefined;
  const { all, lanes } = layStrands(graph, isBusy);
  const common = { pacer: createPacer(), taps, collector };
  let ended = true;

  control.halted.addEventListener("abort", () => {
    for (const lane of lanes) lane.abort(HALTED);
  });

  async function runSource(strand: Strand): Promise<void> {
    const source = nodes.sources.get(strand.source);
    const byItself = source === undefined || await source.run(async (batch) => {
      monitor.emitted(batch);
      await taps.show(batch.source, batch);
      await pushAll(strand.outputs, batch);
      await pause(strand, common);
    });
    if (!byItself) ended = false;
    closeAll(strand.outputs);
  }

  async function run(strand: Strand): Promise<void> {
    const { id, role } = strand.node.spec;
    const counters = monitor.counters(id);
    monitor.watchQueue(id, strand.inputs);
    counters.setState("running");
    try {
      await (role === "source"
        ? runSource(strand)
        : runStrand(strand, nodes.step(id), common, nodes.width(id)));
      counters.setState("done");
    } catch (error) {
      if (error === HALTED) return;
      counters.setState("failed");
      control.fail(asFlowctlError(error));
    }
  }

  await Promise.all(all.map(run));
  return ended;
}

const HALTED = new Error("the run has been halted");

function asFlowctlError(error: unknown): FlowctlError {
  if (error instanceof FlowctlError) return error;
  return new FlowctlError("flow/internal", messageOf(error), {
    hint: "This is a fault of flowctl: please report it with the output of --log-level debug.",
    cause: error,
  });
}
