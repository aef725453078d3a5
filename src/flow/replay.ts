/**
 * Sends dead letters through the component that failed and on into the sinks.
 *
 * To the processors an event comes as part of the ledger that it belongs to. To the sinks a replay
 * is a source of its own (`REPLAY_SOURCE`, with a sequence of its own), so their positions tell
 * what they have: a replay that dies halfway is finished by the next one, and nothing comes twice.
 */

import { FlowctlError } from "../spec/errors.ts";
import type { ComponentSpec } from "../spec/pipeline.ts";
import type { Batch } from "./batch.ts";
import { withGroups } from "./batch.ts";
import type { Positions } from "./component.ts";
import { createControl } from "./control.ts";
import type { Control } from "./control.ts";
import type { DeadLetter, Failure } from "./dead-letters.ts";
import { checkOutput, fingerprintOf } from "./fingerprint.ts";
import { buildGraph, downstreamOf } from "./graph.ts";
import type { Graph, GraphNode } from "./graph.ts";
import { joinBatches } from "./join.ts";
import { createMonitor } from "./monitor.ts";
import type { Monitor } from "./monitor.ts";
import { createFaultPolicy } from "./on-error.ts";
import type { FaultPolicy } from "./on-error.ts";
import { CLOSE_DEADLINE_ms, closeParts, createParts, definitionOf } from "./parts.ts";
import type { Parts } from "./parts.ts";
import { createProcessorNode } from "./processor-node.ts";
import type { ProcessorNode } from "./processor-node.ts";
import type { RunOptions } from "./run.ts";
import { createSinkNode } from "./sink-node.ts";
import type { SinkNode } from "./sink-node.ts";
import { openState, pipelineKey } from "./state.ts";
import type { State } from "./state.ts";
import type { Snapshots } from "./snapshots.ts";

/** What sinks know replayed events by; no component can have such an id. */
export const REPLAY_SOURCE = "dead-letters.replay";
/** Replays count from here: above every ledger sequence, so that file names cannot meet. */
export const REPLAY_START = 1_000_000_000_000;

export interface ReplayOptions
  extends Pick<RunOptions, "pipeline" | "catalogue" | "stateDir" | "log" | "env"> {
  /** Which letters; default all. */
  readonly ids?: readonly number[];
}

export interface ReplaySummary {
  /** Letters that got through and are gone. */
  readonly replayed: number;
  /** Letters whose component failed again; they stay. */
  readonly failed: number;
  /** Letters of ledgers that some sink has not committed yet: run the pipeline first. */
  readonly waiting: number;
}

interface Replay {
  readonly options: ReplayOptions;
  readonly graph: Graph;
  readonly state: State;
  readonly control: Control;
  readonly monitor: Monitor;
  readonly parts: Parts;
  /** Components that letters name: these fail the letter, not the replay. */
  readonly origins: ReadonlySet<string>;
  readonly processors: Map<string, ProcessorNode>;
  readonly sinks: Map<string, SinkNode>;
  /** Last sequence that each sink was given. */
  readonly written: Map<string, number>;
}

/** Throws what ends the replay; letters that were not replayed by then stay. */
export async function replayDeadLetters(options: ReplayOptions): Promise<ReplaySummary> {
  const graph = buildGraph(options.pipeline);
  const state = openState({
    stateDir: options.stateDir,
    pipeline: pipelineKey(options.pipeline),
  });
  const parts: Parts = { sources: new Map(), processors: new Map(), sinks: new Map() };
  const control = createControl(CLOSE_DEADLINE_ms);
  try {
    const interrupted = state.deadLetters.startReplay([], 0);
    const wanted = options.ids ?? state.deadLetters.ids();
    const ids = [...new Set([...interrupted, ...wanted])];
    const origins = new Set(ids.map((id) => letterOf(state, id).component));
    const monitor = createMonitor(options.pipeline);
    const replay: Replay = {
      options,
      graph,
      state,
      control,
      monitor,
      parts,
      origins,
      processors: new Map(),
      sinks: new Map(),
      written: new Map(),
    };
    return await replayAll(replay, ids);
  } finally {
    control.settle();
    await closeParts(parts, options.log, CLOSE_DEADLINE_ms);
    state.close();
  }
}

async function replayAll(replay: Replay, ids: readonly number[]): Promise<ReplaySummary> {
  const { state, sinks } = replay;
  await prepare(replay);
  const ready = ids.filter((id) => isReady(replay, letterOf(state, id)));
  const last = [...sinks.values()].map((sink) => sink.durable().get(REPLAY_SOURCE) ?? 0);

  const done: number[] = [];
  let failed = 0;
  for (const id of state.deadLetters.startReplay(ready, Math.max(REPLAY_START, ...last))) {
    const failure = await replayOne(replay, letterOf(state, id));
    if (failure === undefined) done.push(id);
    else {
      failed += 1;
      state.deadLetters.endReplay(id, failure);
    }
  }
  for (const [id, sink] of sinks) await commit(replay, id, sink);
  for (const id of done) state.deadLetters.remove(id);
  return { replayed: done.length, failed, waiting: ids.length - ready.length };
}

/** Letters are removed after this, so what was written must be durable. */
async function commit(
  { control, written }: Replay,
  id: string,
  sink: SinkNode,
): Promise<void> {
  await sink.commit("final");
  const failure = control.failure();
  if (failure !== undefined) throw failure;
  const last = written.get(id) ?? 0;
  if ((sink.durable().get(REPLAY_SOURCE) ?? 0) >= last) return;
  throw new FlowctlError("flow/sink-failed", `sink ${id} did not commit what was replayed`, {
    hint: "The dead letters are kept: replay them again.",
  });
}

function letterOf(state: State, id: number): DeadLetter {
  const letter = state.deadLetters.get(id);
  if (letter !== undefined) return letter;
  throw new FlowctlError("cli/usage", `this pipeline has no dead letter ${id}`, {
    hint: "flowctl dlq list shows those that there are.",
  });
}

/** A sink that has not come past the ledger would get the event a second time from the run. */
function isReady({ graph, sinks }: Replay, letter: DeadLetter): boolean {
  return downstreamOf(graph, letter.component).every(({ spec }) => {
    const sink = sinks.get(spec.id);
    if (sink === undefined) return true;
    return (sink.durable().get(letter.source) ?? -1) >= letter.sequence;
  });
}

/** Takes the letter through the graph; the failure when its own component fails again. */
async function replayOne(
  replay: Replay,
  letter: DeadLetter,
): Promise<Failure | undefined> {
  const event: Batch = {
    source: letter.source,
    sequence: letter.sequence,
    network: letter.network,
    closedAt: letter.closedAt,
    groups: [{ type: letter.type, rows: [letter.row] }],
    bytes: 0,
  };
  const given = new Map<string, Batch>();
  for (const node of downstreamOf(replay.graph, letter.component)) {
    const { id } = node.spec;
    const input = id === letter.component ? event : inputOf(node, given);
    try {
      const output = await step(replay, id, input, letter.replay ?? 0);
      if (output !== undefined) given.set(id, output);
    } catch (error) {
      const failure = { error, attempts: 1 };
      if (id === letter.component) return failure;
      // One that letters name was made to throw; here its own `on_error` decides.
      if (!replay.origins.has(id) || node.spec.on_error === "stop") throw error;
      faultsOf(replay, node.spec).giveUp(input, () => failure);
      given.set(id, withGroups(input, []));
    }
  }
  return undefined;
}

function inputOf(node: GraphNode, given: ReadonlyMap<string, Batch>): Batch {
  const batches = node.inputs.map(({ spec }) => given.get(spec.id));
  return joinBatches(node.spec.id, batches.filter((batch) => batch !== undefined));
}

async function step(
  replay: Replay,
  id: string,
  input: Batch,
  sequence: number,
): Promise<Batch | undefined> {
  const processor = replay.processors.get(id);
  if (processor !== undefined) return await processor.process(input);
  await replay.sinks.get(id)?.write({ ...input, source: REPLAY_SOURCE, sequence });
  replay.written.set(id, sequence);
  return undefined;
}

async function prepare(replay: Replay): Promise<void> {
  const { options, graph, state, control, monitor, parts, origins } = replay;
  const { catalogue, pipeline, log, env } = options;
  const reached = new Set([...origins].flatMap((id) => downstreamOf(graph, id)));
  const components = graph.nodes.filter((node) => reached.has(node)).map((node) => node.spec);
  for (const { id } of components.filter(({ role }) => role === "sink")) {
    const current = fingerprintOf(graph, id, (spec) => definitionOf(catalogue, spec));
    checkOutput(id, state.fingerprint(id), current);
  }
  const common = { pipeline, catalogue, log, env, control, monitor, state };
  await createParts(parts, { ...common, components, persistent: true, reset: false });
  for (const component of components) {
    const isOrigin = origins.has(component.id);
    const spec: ComponentSpec = isOrigin ? { ...component, on_error: "stop" } : component;
    if (spec.role === "processor") addProcessor(replay, spec);
    else await addSink(replay, spec);
  }
}

function faultsOf(
  { options, control, monitor, state }: Replay,
  spec: ComponentSpec,
): FaultPolicy {
  return createFaultPolicy({
    spec,
    log: options.log,
    counters: monitor.counters(spec.id),
    deadLetters: state.deadLetters,
    halted: control.halted,
    replaying: true,
  });
}

/** A stateful processor works from its newest snapshot; what the replay does to it is not kept. */
function addProcessor(replay: Replay, spec: ComponentSpec): void {
  const { state, monitor, parts, processors } = replay;
  const processor = parts.processors.get(spec.id);
  if (processor === undefined) return;
  const newest = state.snapshots.list(spec.id).at(-1);
  if (newest !== undefined) processor.restore?.(state.snapshots.load(spec.id, newest));
  const none: Positions = new Map();
  processors.set(
    spec.id,
    createProcessorNode({
      spec,
      processor,
      counters: monitor.counters(spec.id),
      faults: faultsOf(replay, spec),
      snapshots: READ_ONLY,
      positions: none,
      restored: true,
      restartFloor: () => none,
    }),
  );
}

const READ_ONLY: Snapshots = { save() {}, list: () => [], load: () => null, prune() {} };

async function addSink(replay: Replay, spec: ComponentSpec): Promise<void> {
  const { control, monitor, parts, sinks } = replay;
  const sink = parts.sinks.get(spec.id);
  if (sink === undefined) return;
  const node = createSinkNode({
    spec,
    sink,
    counters: monitor.counters(spec.id),
    faults: faultsOf(replay, spec),
    // Letters are few: their garbage is left to the runtime.
    collector: { passed() {}, rest() {} },
    sparse: true,
    ended: control.ended,
    onCommit() {},
    onFailure: control.fail,
  });
  node.startAbove(await node.open());
  sinks.set(spec.id, node);
}
