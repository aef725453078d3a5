/** From a pipeline to nodes that are ready: made, opened, restored, and placed on their ledgers. */

import type { Collector } from "../runtime/memory.ts";
import type { ComponentSpec } from "../spec/pipeline.ts";
import { FlowctlError } from "../spec/errors.ts";
import { componentError } from "./component-error.ts";
import type { Logger, Positions, Source } from "./component.ts";
import type { Control } from "./control.ts";
import { createCommitNotice } from "./commit-notice.ts";
import { checkFingerprint, fingerprintOf } from "./fingerprint.ts";
import type { Graph } from "./graph.ts";
import type { Monitor } from "./monitor.ts";
import { createFaultPolicy } from "./on-error.ts";
import type { FaultPolicy } from "./on-error.ts";
import { createParts, definitionOf } from "./parts.ts";
import type { Parts, PartsOptions } from "./parts.ts";
import { createOffload } from "./offload/offload.ts";
import { workersOf } from "./offload/crew.ts";
import type { Workers } from "./offload/crew.ts";
import type { Offload, WorkerHost } from "./offload/offload.ts";
import { createProcessorNode } from "./processor-node.ts";
import type { ProcessorNode } from "./processor-node.ts";
import { planResume, restartFloor } from "./resume.ts";
import type { Bounds, ResumePlan } from "./resume.ts";
import { createSinkNode } from "./sink-node.ts";
import type { SinkNode } from "./sink-node.ts";
import { createSourceNode } from "./source-node.ts";
import type { SourceNode } from "./source-node.ts";
import type { State } from "./state.ts";
import type { Step } from "./strands.ts";

export interface Nodes {
  /** A source whose range is done already has none. */
  readonly sources: ReadonlyMap<string, SourceNode>;
  readonly processors: ReadonlyMap<string, ProcessorNode>;
  readonly sinks: ReadonlyMap<string, SinkNode>;
  /** What the processor or sink of that id does with a batch. */
  step(id: string): Step;
  /** How many batches of one source that processor or sink takes at a time. */
  width(id: string): number;
  /** Ends what only the run itself has started. */
  close(): void;
}

export interface NodesInput {
  readonly options: Omit<PartsOptions, "control" | "monitor" | "state" | "reset"> & {
    readonly from?: number | undefined;
    readonly to?: number | undefined;
    readonly reset?: boolean;
    readonly wait?: boolean;
    readonly workerHost?: WorkerHost | undefined;
    readonly workers?: Workers | undefined;
  };
  readonly control: Control;
  readonly monitor: Monitor;
  readonly graph: Graph;
  readonly state: State;
  readonly parts: Parts;
  readonly collector: Collector;
}

export async function prepareNodes(input: NodesInput): Promise<Nodes> {
  const { options, graph, state, parts } = input;
  const { pipeline, catalogue, log } = options;
  const fingerprints = new Map<string, string>();
  for (const { id } of pipeline.sinks) {
    const current = fingerprintOf(graph, id, (spec) => definitionOf(catalogue, spec));
    checkFingerprint(id, state.fingerprint(id), current);
    fingerprints.set(id, current);
  }

  await createParts(parts, { ...input, ...options, reset: options.reset === true });
  const onCommitted = { tell: () => {} };
  const sinks = makeSinks(input, fingerprints, () => onCommitted.tell());
  const committed = new Map<string, Positions>();
  for (const [id, sink] of sinks) committed.set(id, await sink.open());

  const plan = planResume({
    graph,
    bounds: await boundsOf(input),
    from: options.from,
    to: options.to,
    wait: options.wait !== false,
    committed,
    snapshots: snapshotsOf(input),
  });
  for (const [id, sink] of sinks) sink.startAbove(plan.sinks.get(id) ?? new Map());
  logStart(log, plan);

  const floor = () =>
    restartFloor(graph, new Map([...sinks].map(([id, sink]) => [id, sink.durable()])));
  const processors = makeProcessors(input, plan, floor);
  const snapshots = (id: string) => state.snapshots.list(id);
  onCommitted.tell = createCommitNotice({ graph, parts, floor, snapshots });
  const offload = offloadOf(input);
  const sourceOf = offload?.sourceOf ?? ((_spec: ComponentSpec, source: Source) => source);
  return {
    sources: makeSources(input, plan, sourceOf),
    processors,
    sinks,
    step: stepOf(processors, sinks),
    width: (id) => processors.get(id)?.width ?? 1,
    close: () => offload?.close(),
  };
}

function offloadOf({ options, control, graph, parts }: NodesInput): Offload | undefined {
  const { pipeline, catalogue, workerHost: host, log, env } = options;
  const workers = options.workers ?? workersOf(pipeline);
  if (host === undefined) return undefined;
  const common = { pipeline, graph, parts, catalogue, host, log, env };
  const offload = createOffload({ ...common, workers });
  control.ended.addEventListener("abort", () => offload?.close());
  return offload;
}

function stepOf(
  processors: ReadonlyMap<string, ProcessorNode>,
  sinks: ReadonlyMap<string, SinkNode>,
): (id: string) => Step {
  return (id) => {
    const processor = processors.get(id);
    if (processor !== undefined) return processor.process;
    const sink = sinks.get(id);
    if (sink === undefined) throw new FlowctlError("flow/internal", `no component ${id}`);
    return async (batch) => {
      await sink.write(batch);
      return undefined;
    };
  };
}

function faultsOf(input: NodesInput, spec: ComponentSpec, halted: AbortSignal): FaultPolicy {
  return createFaultPolicy({
    spec,
    log: input.options.log,
    counters: input.monitor.counters(spec.id),
    deadLetters: input.state.deadLetters,
    halted,
  });
}

function makeSinks(
  input: NodesInput,
  fingerprints: ReadonlyMap<string, string>,
  tellCommitted: () => void,
): Map<string, SinkNode> {
  const { options, control, monitor, state, parts, collector } = input;
  const nodes = new Map<string, SinkNode>();
  for (const spec of options.pipeline.sinks) {
    const sink = parts.sinks.get(spec.id);
    if (sink === undefined) continue;
    const fingerprint = fingerprints.get(spec.id) ?? "";
    let recorded = state.fingerprint(spec.id) === fingerprint;
    const node: SinkNode = createSinkNode({
      spec,
      sink,
      counters: monitor.counters(spec.id),
      faults: faultsOf(input, spec, control.halted),
      collector,
      ended: control.ended,
      onCommit() {
        tellCommitted();
        if (recorded || node.durable().size === 0) return;
        state.saveFingerprint(spec.id, fingerprint);
        recorded = true;
      },
      onFailure: control.fail,
    });
    nodes.set(spec.id, node);
  }
  return nodes;
}

function makeProcessors(
  input: NodesInput,
  plan: ResumePlan,
  floor: () => Positions,
): Map<string, ProcessorNode> {
  const { options, control, graph, monitor, state, parts } = input;
  const nodes = new Map<string, ProcessorNode>();
  for (const spec of options.pipeline.processors) {
    const processor = parts.processors.get(spec.id);
    if (processor === undefined) continue;
    const restored = plan.restore.get(spec.id);
    if (restored !== undefined) processor.restore?.(state.snapshots.load(spec.id, restored));
    const node = createProcessorNode({
      spec,
      processor,
      counters: monitor.counters(spec.id),
      faults: faultsOf(input, spec, control.halted),
      snapshots: state.snapshots,
      positions: restored ?? beforeStart(plan, graph.node(spec.id).sources),
      restored: restored !== undefined,
      restartFloor: floor,
    });
    node.saveSnapshot();
    nodes.set(spec.id, node);
  }
  return nodes;
}

function beforeStart(plan: ResumePlan, sources: readonly string[]): Positions {
  const positions = new Map<string, number>();
  for (const source of sources) {
    const from = plan.ranges.get(source)?.from;
    if (from !== undefined) positions.set(source, from - 1);
  }
  return positions;
}

function makeSources(
  input: NodesInput,
  plan: ResumePlan,
  sourceOf: (spec: ComponentSpec, source: Source) => Source,
): Map<string, SourceNode> {
  const { options, control, monitor, parts } = input;
  const nodes = new Map<string, SourceNode>();
  for (const spec of options.pipeline.sources) {
    const source = parts.sources.get(spec.id);
    const range = plan.ranges.get(spec.id);
    if (source === undefined || range === undefined) continue;
    monitor.watchSource(spec.id, source, range);
    if (plan.complete.has(spec.id)) continue;
    const faults = faultsOf(input, spec, control.stopped);
    const counters = monitor.counters(spec.id);
    const options = { spec, range, counters, faults, stopped: control.stopped };
    nodes.set(spec.id, createSourceNode({ ...options, source: sourceOf(spec, source) }));
  }
  return nodes;
}

async function boundsOf(input: NodesInput): Promise<Map<string, Bounds>> {
  const bounds = new Map<string, Bounds>();
  for (const spec of input.options.pipeline.sources) {
    const source = input.parts.sources.get(spec.id);
    if (source === undefined) continue;
    const faults = faultsOf(input, spec, input.control.stopped);
    try {
      bounds.set(spec.id, await faults.attempt(() => source.bounds()));
    } catch (error) {
      throw componentError(spec, error);
    }
  }
  return bounds;
}

function snapshotsOf({ parts, state }: NodesInput): Map<string, readonly Positions[]> {
  const snapshots = new Map<string, readonly Positions[]>();
  for (const [id, processor] of parts.processors) {
    if (processor.snapshot !== undefined) snapshots.set(id, state.snapshots.list(id));
  }
  return snapshots;
}

function logStart(log: Logger, plan: ResumePlan): void {
  for (const [source, { from, to }] of plan.ranges) {
    const fields = { component: source, from, to };
    if (plan.complete.has(source)) log.info("nothing to do: the range is complete", fields);
    else log.info("reading", fields);
  }
}
