/** The part of a pipeline that a worker thread does, for one ledger at a time. */

import { FlowctlError } from "../../spec/errors.ts";
import type { ComponentSpec } from "../../spec/pipeline.ts";
import { ledgerBytes } from "../../stellar/ledger-batch.ts";
import { openLedger } from "../../stellar/ledger.ts";
import type { Batch, Encoded, MadeLedger, NamedGroup, NodeFacts } from "../batch.ts";
import { countRows } from "../batch.ts";
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
import { dividedBy, namedGroups, othersOf, unsettledOf } from "../two-steps.ts";
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

interface Node {
  readonly id: string;
  readonly inputs: readonly string[];
  readonly types: ReadonlySet<string>;
  readonly processor: Processor | undefined;
  /** Event types of its output that the main thread settles. */
  readonly unsettled: ReadonlySet<string>;
  readonly encode: Encoder | undefined;
}

/** By source id. Rejects with what making the components throws. */
export async function createSegments(
  { plan, env }: StartMessage,
  catalogue: readonly ComponentDefinition[],
): Promise<ReadonlyMap<string, Segment>> {
  const nodes = new Map<string, Node>();
  const contextOf = (spec: ComponentSpec): ComponentContext => ({
    spec,
    pipeline: plan.pipeline,
    log: SILENT,
    meter: { add() {}, set() {} },
    signal: NEVER,
    env: { ...env, ...spec.env },
  });

  async function nodeOf({ spec, inputs }: PlannedNode): Promise<Node> {
    const definition = definitionOf(catalogue, spec);
    const { role } = definition;
    const processor = role === "processor" ? await definition.create(contextOf(spec)) : undefined;
    return {
      id: spec.id,
      inputs,
      types: new Set(spec.input_event_types),
      processor,
      unsettled: processor?.steps?.unsettled ?? NOTHING,
      encode: role === "sink" ? definition.encoder?.(spec.config) : undefined,
    };
  }

  const segments = new Map<string, Segment>();
  for (const source of plan.sources) {
    const own: Node[] = [];
    for (const planned of source.nodes) {
      const node = nodes.get(planned.spec.id) ?? await nodeOf(planned);
      nodes.set(planned.spec.id, node);
      own.push({ ...node, inputs: planned.inputs });
    }
    segments.set(source.spec.id, segmentOf(source, own, definitionOf(catalogue, source.spec)));
  }
  return segments;
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

interface Output {
  readonly batch: Batch;
  readonly unsettled: ReadonlySet<string>;
}

async function makeLedger(nodes: readonly Node[], ledger: Batch): Promise<MadeLedger> {
  const facts: Record<string, NodeFacts> = {};
  const encoded: Record<string, readonly Encoded[]> = {};
  const unsettled: Record<string, readonly NamedGroup[]> = {};
  const outputs = new Map<string, Output>();
  for (const { id, inputs, types, processor, unsettled: open, encode } of nodes) {
    const before = inputs.map((one) => outputs.get(one) ?? { batch: ledger, unsettled: NOTHING });
    const input = onlyTypes(inputOf(id, before.map(({ batch }) => batch)), types);
    // Only a sink reads unsettled groups, and nothing besides them: see `planOffload`.
    const openHere = before[0]?.unsettled ?? NOTHING;
    const started = performance.now();
    const output = await (processor?.steps?.prepare ?? processor?.process)?.(input);
    // It happens again on the main thread, which keeps the dead letters.
    if (output?.setAside !== undefined) throw new FlowctlError("flow/internal", "set aside");
    if (output !== undefined) outputs.set(id, { batch: output, unsettled: open });
    if (output !== undefined && open.size > 0) {
      unsettled[id] = namedGroups(unsettledOf(output, open));
    }
    if (encode !== undefined) encoded[id] = dividedBy(input, openHere).map(encode);
    facts[id] = {
      events_in: countRows(othersOf(input, openHere)),
      bytes_in: input.bytes,
      events_out: output === undefined ? 0 : countRows(othersOf(output, open)),
      bytes_out: output?.bytes ?? 0,
      busy_ms: performance.now() - started,
    };
  }
  return {
    transactions: nodes.length > 0 ? transactionsIn(ledger) : undefined,
    nodes: facts,
    encoded,
    unsettled,
  };
}

/** Cheap once a processor has opened the ledger: whoever opens the same bytes gets the same one. */
function transactionsIn(batch: Batch): number | undefined {
  const bytes = ledgerBytes(batch);
  return bytes === undefined ? undefined : openLedger(bytes).transactionCount;
}

function inputOf(node: string, batches: readonly Batch[]): Batch {
  const [only] = batches;
  return only !== undefined && batches.length === 1 ? only : joinBatches(node, batches);
}
