/**
 * The part of a pipeline that one agent runs, as a pipeline of its own.
 *
 * What the agent's components read from elsewhere comes in over the bus through stand-ins that keep
 * the ids of the originals: a source that stands for one elsewhere emits the same ledgers under the
 * same id, and a processor that stands for one elsewhere emits what that one did. So joins, in the
 * order of `inputs`, checkpoints and event ids are those of a run on one machine.
 */

import type { ComponentDefinition } from "../flow/component.ts";
import { skipsUnknown } from "../flow/on-unknown.ts";
import { buildGraph, upstreamOf } from "../flow/graph.ts";
import type { Graph, GraphNode } from "../flow/graph.ts";
import type { Logger } from "../flow/component.ts";
import { FlowctlError } from "../spec/errors.ts";
import type { ComponentSpec, PipelineSpec } from "../spec/pipeline.ts";
import { busConfigOf } from "./config.ts";
import { createEdge } from "./edge.ts";
import { createIntake } from "./intake.ts";
import { awaitReplay } from "./replay.ts";
import { standInProcessor, standInSource } from "./bus-in.ts";
import { busOut } from "./bus-out.ts";
import type { BusScope } from "./scope.ts";
import type { Bus } from "./connection.ts";
import { createRewinds } from "./rewinds.ts";
import type { Rate } from "./rate.ts";
import type { Rewinds } from "./rewinds.ts";

/** The types of the stand-ins in a cut pipeline. */
export const BUS_IN = "bus-in";
export const BUS_OUT = "bus-out";

export interface CutOptions {
  readonly pipeline: PipelineSpec;
  /** Ids of the components that run here. */
  readonly components: readonly string[];
  readonly bus: Bus;
  /** The assignment's: a producer or consumer of an older epoch yields to a newer. */
  readonly epoch: number;
  /** Folder of the spools of this agent; undefined: without NATS a producer waits. */
  readonly spoolDir: string | undefined;
  /** Kept by everything that this agent publishes. Default: as fast as it goes. */
  readonly publishing?: Rate | undefined;
}

export interface Cut {
  /** Ready for `startRun`, together with the catalogue and `definitions`. */
  readonly pipeline: PipelineSpec;
  readonly definitions: readonly ComponentDefinition[];
  /** Ids of components elsewhere that this part reads. */
  readonly reads: readonly string[];
  /** Ids of components here that others read. */
  readonly feeds: readonly string[];
  /** Tells when the run must start again, because an edge has lost ledgers: see `startCutRun`. */
  readonly rewinds: Rewinds;
  /** Answers readers after the run has completed; resolves when it must run again for one. */
  replayAsked(log: Logger, signal: AbortSignal): Promise<void>;
}

/** Throws `spec/invalid` when a component is not in the pipeline. */
export function cutPipeline(options: CutOptions): Cut {
  const { pipeline, epoch, bus, spoolDir } = options;
  const graph = buildGraph(pipeline);
  const here = new Set(options.components.map((id) => graph.node(id).spec.id));
  const isHere = (node: GraphNode) => here.has(node.spec.id);
  const local = graph.nodes.filter(isHere);
  const away = graph.nodes.filter((node) => !isHere(node));
  const read = away.filter((node) => node.outputs.some(isHere));
  const fed = local.filter((node) => node.outputs.some((output) => !isHere(output)));

  const scope: BusScope = {
    pipeline: { namespace: pipeline.namespace, name: pipeline.name },
    bus,
    epoch,
    spoolDir,
    config: busConfigOf(pipeline),
    rewinds: createRewinds(),
    publishing: options.publishing,
  };
  const intakes = new Map(read.map((node) => {
    const readers = node.outputs.filter(isHere).map((output) => output.spec.id);
    return [node.spec.id, createIntake(scope, node.spec.id, readers)];
  }));

  const sources = new Set([...local, ...read].flatMap((node) => node.sources));
  const clocks = new Map<string, readonly string[]>();
  for (const id of sources) {
    if (here.has(id)) continue;
    clocks.set(id, read.filter((node) => leadsFrom(graph, id, node, here)).map(idOf));
  }

  const spec = (node: GraphNode) => keep(node.spec, here);
  const standIn = (node: GraphNode, inputs: readonly string[]): ComponentSpec => ({
    ...plain(node.spec),
    type: BUS_IN,
    inputs,
    output_event_types: node.spec.output_event_types,
  });
  const inFileOrder = (list: readonly ComponentSpec[], role: ComponentSpec["role"]) =>
    list.filter((component) => component.role === role);
  const components = graph.nodes.flatMap((node): ComponentSpec[] => {
    if (isHere(node)) return [spec(node)];
    if (node.spec.role === "source") return sources.has(node.spec.id) ? [standIn(node, [])] : [];
    return intakes.has(node.spec.id) ? [standIn(node, node.sources)] : [];
  });
  const outlets = fed.map((node): ComponentSpec => ({
    ...plain(node.spec),
    id: outletId(node.spec.id),
    role: "sink",
    type: BUS_OUT,
    // The source here must know of processors elsewhere.
    config: skipsUnknown(pipeline, node.spec.id) ? { on_unknown: "skip" } : {},
    inputs: [node.spec.id],
  }));
  const readersOf = new Map(fed.map((node) => [
    outletId(node.spec.id),
    {
      producer: node.spec.id,
      readers: node.outputs.filter((output) => !isHere(output)).map(idOf),
    },
  ]));

  return {
    pipeline: {
      ...pipeline,
      sources: order(pipeline.sources, inFileOrder(components, "source")),
      processors: order(pipeline.processors, inFileOrder(components, "processor")),
      sinks: [...order(pipeline.sinks, inFileOrder(components, "sink")), ...outlets],
    },
    definitions: [
      standInSource(BUS_IN, intakes, clocks, pipeline.sources),
      standInProcessor(BUS_IN, intakes),
      busOut(BUS_OUT, scope, readersOf),
    ],
    reads: read.map(idOf),
    feeds: fed.map(idOf),
    rewinds: scope.rewinds,
    replayAsked: (log, signal) =>
      Promise.race(fed.map((node) => {
        const edge = createEdge(scope, node.spec.id);
        return awaitReplay({ scope, edge, log, sources: node.sources, signal });
      })),
  };
}

const idOf = (node: GraphNode): string => node.spec.id;

/** Id of the sink that carries a component's batches to the bus. */
export function outletId(producer: string): string {
  return `${producer}.bus-out`;
}

/**
 * True when the node's batches of that source come without passing through here: those tell when
 * the next ledger is there. One that lies behind a component of ours cannot come first.
 */
function leadsFrom(
  graph: Graph,
  source: string,
  node: GraphNode,
  here: ReadonlySet<string>,
): boolean {
  if (!node.sources.includes(source)) return false;
  return upstreamOf(graph, node.spec.id)
    .every((above) => !here.has(above.spec.id) || !above.sources.includes(source));
}

/** The component without what concerns components elsewhere. */
function keep(spec: ComponentSpec, here: ReadonlySet<string>): ComponentSpec {
  return { ...spec, depends_on: spec.depends_on.filter((id) => here.has(id)) };
}

/** What a stand-in has of its original: its id, and where it stands in the file. */
function plain(spec: ComponentSpec): ComponentSpec {
  return {
    ...spec,
    input_event_types: [],
    output_event_types: [],
    config: {},
    env: {},
    on_error: "stop",
    replicas: 1,
    depends_on: [],
    resources: {},
    external: undefined,
  };
}

function order(
  original: readonly ComponentSpec[],
  chosen: readonly ComponentSpec[],
): ComponentSpec[] {
  const byId = new Map(chosen.map((spec) => [spec.id, spec]));
  const ordered: ComponentSpec[] = [];
  for (const { id } of original) {
    const spec = byId.get(id);
    if (spec !== undefined) ordered.push(spec);
  }
  if (ordered.length !== chosen.length) {
    throw new FlowctlError("flow/internal", "a component of the cut is not in the pipeline");
  }
  return ordered;
}
