/** The part of a pipeline that a worker thread does, for one ledger at a time. */

import { FlowctlError } from "../../spec/errors.ts";
import type { ComponentSpec } from "../../spec/pipeline.ts";
import { ledgerBytes } from "../../stellar/ledger-batch.ts";
import { openLedger } from "../../stellar/ledger.ts";
import type { Batch, EventGroup, MadeLedger, NamedGroup, NodeFacts } from "../batch.ts";
import { countRows, withGroups } from "../batch.ts";
import type {
  ComponentContext,
  ComponentDefinition,
  Encoder,
  Logger,
  Packed,
  Processor,
  UnpackedLedger,
} from "../component.ts";
import { joinBatches } from "../join.ts";
import { definitionOf } from "../parts.ts";
import { onlyTypes } from "../rows.ts";
import type { EncodedPieces } from "../two-steps.ts";
import { createEncodedPieces, namedGroups, othersOf, unsettledOf } from "../two-steps.ts";
import type { LedgerResult, StartMessage } from "./messages.ts";
import type { PlannedNode, PlannedSource } from "./plan.ts";

export interface Segment {
  /** Never rejects: the main thread goes on where the result ends. */
  run(packed: Packed): Promise<SegmentResult>;
}

export interface SegmentResult {
  readonly ledgers: readonly LedgerResult[];
  /** The memory that the ledgers were read from, which may be given back when all is sent. */
  readonly read: ReadonlySet<ArrayBufferLike>;
}

type Types = ReadonlySet<string>;

interface AnyNode {
  readonly id: string;
  readonly inputs: readonly string[];
  readonly types: Types;
}

interface ProcessorNode extends AnyNode {
  readonly role: "processor";
  /** One after the other they give all. */
  readonly parts: readonly Pick<Processor, "process">[];
  /** Event types of its output that the main thread settles. */
  readonly unsettled: Types;
  /** They read nothing else, and take what a part gives as soon as it is there. */
  readonly feeds: readonly SinkNode[];
  /** Others read it, too. */
  readonly isKept: boolean;
}

interface SinkNode extends AnyNode {
  readonly role: "sink";
  readonly encode: Encoder;
}

type Node = ProcessorNode | SinkNode;

type Facts = { -readonly [Name in keyof NodeFacts]: NodeFacts[Name] };

/** By source id. Rejects with what making the components throws. */
export async function createSegments(
  { plan, env }: StartMessage,
  catalogue: readonly ComponentDefinition[],
): Promise<ReadonlyMap<string, Segment>> {
  const processors = new Map<string, Processor>();
  const encoders = new Map<string, Encoder>();
  const contextOf = (spec: ComponentSpec): ComponentContext => ({
    spec,
    pipeline: plan.pipeline,
    log: SILENT,
    meter: { add() {}, set() {} },
    signal: NEVER,
    env: { ...env, ...spec.env },
  });

  /** Made once, however many sources come to it. */
  async function make({ spec }: PlannedNode): Promise<void> {
    const { id } = spec;
    if (processors.has(id) || encoders.has(id)) return;
    const definition = definitionOf(catalogue, spec);
    if (definition.role === "processor") {
      processors.set(id, await definition.create(contextOf(spec)));
      return;
    }
    const encode = definition.role === "sink" ? definition.encoder?.(spec.config) : undefined;
    if (encode === undefined) throw new FlowctlError("flow/internal", `${id} cannot be made`);
    encoders.set(id, encode);
  }

  /** In their order, which is that in which they work. */
  function nodesOf(planned: readonly PlannedNode[]): Node[] {
    const own = planned.map(({ spec, inputs }) => ({
      id: spec.id,
      inputs,
      types: new Set(spec.input_event_types),
    }));
    const sinkOf = (node: AnyNode): SinkNode[] => {
      const encode = encoders.get(node.id);
      return encode === undefined ? [] : [{ role: "sink", ...node, encode }];
    };
    return own.flatMap((node): Node[] => {
      const processor = processors.get(node.id);
      if (processor === undefined) return sinkOf(node);
      const readers = own.filter(({ inputs }) => inputs.includes(node.id));
      const feeds = readers.filter(({ inputs }) => inputs.length === 1).flatMap(sinkOf);
      const isKept = feeds.length < readers.length;
      return [{ role: "processor", ...node, ...workOf(processor), feeds, isKept }];
    });
  }

  const segments = new Map<string, Segment>();
  for (const source of plan.sources) {
    for (const planned of source.nodes) await make(planned);
    const definition = definitionOf(catalogue, source.spec);
    segments.set(source.spec.id, segmentOf(source, nodesOf(source.nodes), definition));
  }
  return segments;
}

function workOf(processor: Processor): Pick<ProcessorNode, "parts" | "unsettled"> {
  const { steps, parts } = processor;
  if (steps === undefined) return { parts: parts ?? [processor], unsettled: NOTHING };
  const prepare: Processor["process"] = (batch) => steps.prepare(batch);
  return { parts: parts ?? [{ process: prepare }], unsettled: steps.unsettled };
}

const NOTHING: ReadonlySet<string> = new Set();

/** What happens here and fails happens again on the main thread, which logs it. */
const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} };
const NEVER = new AbortController().signal;

function segmentOf(
  { spec, bare }: PlannedSource,
  nodes: readonly Node[],
  definition: ComponentDefinition,
): Segment {
  const unpack = definition.role === "source" ? definition.unpack : undefined;
  if (unpack === undefined) {
    throw new FlowctlError("flow/internal", `source ${spec.id} cannot be unpacked`);
  }

  async function resultOf({ batch, link }: UnpackedLedger): Promise<LedgerResult> {
    const { sequence, network, closedAt, bytes } = batch;
    const made = await makeLedger(nodes, batch).catch(() => undefined);
    const needed = bare || made === undefined;
    const ledger = needed ? ledgerBytes(batch) : undefined;
    return { sequence, network, closedAt, bytes, link, bare: ledger, made };
  }

  return {
    async run(packed) {
      const ledgers: LedgerResult[] = [];
      const read = new Set<ArrayBufferLike>();
      try {
        for (const unpacked of unpack(packed, spec.id)) {
          const bytes = ledgerBytes(unpacked.batch);
          if (bytes !== undefined) read.add(bytes.buffer);
          ledgers.push(await resultOf(unpacked));
        }
      } catch {
        // The main thread reads again what is missing, and tells what is wrong with it.
      }
      return { ledgers, read };
    },
  };
}

/** One ledger on its way through the nodes. */
class LedgerRun {
  readonly #ledger: Batch;
  /** Of processors, as far as a node reads them that is not fed while they are at it. */
  readonly #outputs = new Map<string, Batch>();
  readonly #facts = new Map<string, Facts>();
  readonly #pieces = new Map<string, EncodedPieces>();
  readonly #unsettled = new Map<string, readonly NamedGroup[]>();

  constructor(ledger: Batch) {
    this.#ledger = ledger;
  }

  async process(node: ProcessorNode): Promise<void> {
    const { id, unsettled } = node;
    const input = this.#inputOf(node);
    const facts = this.#factsOf(id);
    facts.events_in = countRows(input);
    facts.bytes_in = input.bytes;
    const groups: EventGroup[] = [];
    for (const part of node.parts) {
      const started = performance.now();
      const output = await part.process(input);
      facts.busy_ms += performance.now() - started;
      // It happens again on the main thread, which keeps the dead letters.
      if (output.setAside !== undefined) throw new FlowctlError("flow/internal", "set aside");
      facts.events_out += countRows(othersOf(output, unsettled));
      facts.bytes_out += output.bytes;
      for (const sink of node.feeds) this.#feed(sink, output, unsettled);
      groups.push(...(node.isKept ? output : unsettledOf(output, unsettled)).groups);
    }
    const output = withGroups(input, groups, facts.bytes_out);
    // Only sinks that are fed read unsettled groups: see `planOffload`.
    if (node.isKept) this.#outputs.set(id, output);
    else if (unsettled.size > 0) this.#unsettled.set(id, namedGroups(output));
  }

  encode(sink: SinkNode): void {
    if (!this.#pieces.has(sink.id)) this.#feed(sink, this.#inputOf(sink), NOTHING);
  }

  made(): MadeLedger {
    const pieces = [...this.#pieces].map(([id, { all }]) => [id, all] as const);
    return {
      transactions: this.#facts.size > 0 ? transactionsIn(this.#ledger) : undefined,
      nodes: Object.fromEntries(this.#facts),
      encoded: Object.fromEntries(pieces),
      unsettled: Object.fromEntries(this.#unsettled),
    };
  }

  #feed(sink: SinkNode, output: Batch, unsettled: Types): void {
    const { id, types, encode } = sink;
    const started = performance.now();
    let pieces = this.#pieces.get(id);
    if (pieces === undefined) {
      this.#pieces.set(id, pieces = createEncodedPieces(encode, unsettled));
    }
    const input = onlyTypes(output, types);
    pieces.take(input);
    const facts = this.#factsOf(id);
    facts.events_in += countRows(othersOf(input, unsettled));
    facts.bytes_in += input.bytes;
    facts.busy_ms += performance.now() - started;
  }

  #factsOf(id: string): Facts {
    let facts = this.#facts.get(id);
    if (facts === undefined) {
      facts = { events_in: 0, bytes_in: 0, events_out: 0, bytes_out: 0, busy_ms: 0 };
      this.#facts.set(id, facts);
    }
    return facts;
  }

  #inputOf({ id, inputs, types }: Node): Batch {
    const batches = inputs.map((input) => this.#outputs.get(input) ?? this.#ledger);
    const [only] = batches;
    const joined = only !== undefined && batches.length === 1 ? only : joinBatches(id, batches);
    return onlyTypes(joined, types);
  }
}

async function makeLedger(nodes: readonly Node[], ledger: Batch): Promise<MadeLedger> {
  const run = new LedgerRun(ledger);
  for (const node of nodes) {
    if (node.role === "sink") run.encode(node);
    else await run.process(node);
  }
  return run.made();
}

/** Cheap once a processor has opened the ledger: whoever opens the same bytes gets the same one. */
function transactionsIn(batch: Batch): number | undefined {
  const bytes = ledgerBytes(batch);
  return bytes === undefined ? undefined : openLedger(bytes).transactionCount;
}
