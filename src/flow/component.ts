/**
 * The interface by which the runner knows a component, built in or foreign: one batch per ledger,
 * in order, acknowledged after it took effect.
 */

import type { ComponentDeclaration } from "../spec/declaration.ts";
import type { ComponentSpec, PipelineSpec } from "../spec/pipeline.ts";
import type { Batch, BatchKey, Encoded, Json } from "./batch.ts";

export type { Encoded } from "./batch.ts";

export interface Logger {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** Counters that a component may add to (`total_bytes`, `files_written`); the runner has its own. */
export interface Meter {
  add(name: string, amount: number): void;
  set(name: string, value: number): void;
}

/** What components that are processes of their own are told of the run. */
export interface RunIdentity {
  readonly id: string;
  /** `host:port` of the control plane with which they register; undefined: there is none. */
  readonly endpoint: string | undefined;
}

export interface ComponentContext {
  readonly spec: ComponentSpec;
  readonly pipeline: PipelineSpec;
  readonly log: Logger;
  readonly meter: Meter;
  /** Fires when the run must end now; a component gives up waiting when it does. */
  readonly signal: AbortSignal;
  /** The process's environment, overlaid by the component's `env`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly run?: RunIdentity | undefined;
  /** The run handles one chunk of a backfill. */
  readonly chunk?: Chunk | undefined;
}

/** Which ledgers to read; both ends are included. */
export interface LedgerRange {
  /** Undefined: where the component's config says. */
  readonly from: number | undefined;
  /** Undefined: where the component's config says, which may be never. */
  readonly to: number | undefined;
  /** At the head of the network: wait for the next ledger, or fail with `source/head-reached`. */
  readonly wait: boolean;
}

/**
 * Ledgers as they are stored, for a worker thread to unpack. It can be cloned (`structuredClone`).
 */
export interface Packed {
  /** Which ledgers are wanted of it; both ends are included. */
  readonly first: number;
  readonly last: number;
  /** Nothing else refers to them: their memory changes hands instead of being copied. */
  readonly bytes: Uint8Array;
  /** What else it takes to unpack and check them. */
  readonly about: Readonly<Record<string, string>>;
}

/** What one ledger of a chain says of itself and the one before. It can be cloned. */
export type Link = Readonly<Record<string, string | number>>;

export interface UnpackedLedger {
  /** As `Source.read` gives it. */
  readonly batch: Batch;
  /** For `PackedReading.follow`; undefined where nothing is checked. */
  readonly link: Link | undefined;
}

/** One reading of stored ledgers, in order, without a gap. */
export interface PackedReading extends AsyncIterable<Packed> {
  /** Called for each ledger in order: throws what does not hold between it and the one before. */
  follow(packed: Packed, link: Link): void;
}

export interface Source {
  /**
   * The ledgers of the range, in order, without a gap, one batch each. It ends after `range.to`.
   * Pull-based: the consumer's pace is the backpressure; prefetching is bounded by config.
   */
  read(range: LedgerRange): AsyncIterable<Batch>;
  /**
   * The same ledgers still packed, for worker threads: the definition has `unpack` then. What
   * cannot be unpacked is read again with `read`, which tells what is wrong with it.
   */
  readPacked?(range: LedgerRange): PackedReading;
  /**
   * The bounds that its config states (`start_ledger`, `end_ledger`), resolved where they are
   * names such as "latest". Called once, before `read`.
   */
  bounds(): Promise<{ from: number | undefined; to: number | undefined }>;
  /** Latest ledger that it knows the network to have, for lag; undefined when it cannot say. */
  head?(): number | undefined;
  /**
   * Called after commits: no restart of this pipeline reads at or below this sequence, because
   * every sink that the source reaches holds it, and every state that a restart would restore.
   */
  committed?(sequence: number): void;
  close(): Promise<void>;
}

export interface Processor {
  /**
   * Everything that this ledger gives. The result has the same source and sequence. When it
   * throws, its state is as before, so that the call can be repeated. Without `snapshot` it is
   * stateless: to find the event that fails, it is also tried with parts of the batch.
   */
  process(batch: Batch): Batch | Promise<Batch>;
  /**
   * How many batches it takes at a time; the runner puts results in order again. Only of one that
   * is stateless. Default 1.
   */
  readonly width?: number | undefined;
  /** Where most of its work needs no state: the same in two steps. */
  readonly steps?: TwoSteps | undefined;
  /**
   * Where it gives much: its first step, or its only one, in parts, whose groups one after the other
   * are all that it gives. What reads a part's rows at once finds them in the processor's cache.
   */
  readonly parts?: readonly Pick<Processor, "process">[] | undefined;
  /** State that a restart must restore, as of the last batch processed; absent: stateless. */
  snapshot?(): Json;
  restore?(state: Json): void;
  /** As `Source.committed`, per source that reaches it. */
  committed?(positions: Positions): void;
  close?(): Promise<void>;
}

/** What `process` does, in two steps; worker threads do the first. */
export interface TwoSteps {
  /** Event types of which the second step decides what becomes of them. */
  readonly unsettled: ReadonlySet<string>;
  /**
   * Without state, in any order: everything that the ledger gives, with the groups to be settled in
   * their places, at most one of a type. `bytes` are without these.
   */
  prepare(batch: Batch): Batch | Promise<Batch>;
  /**
   * In the order of the ledgers: the groups that are unsettled as they are to be, all of them and in
   * their order. When it throws, the state is as before.
   */
  settle(unsettled: Batch): Batch;
}

/** Last sequence committed, per source id. */
export type Positions = ReadonlyMap<string, number>;

/** A sink's own record beside its positions (committed file length, open part, …). */
export interface SinkState {
  readonly positions: Positions;
  readonly extra: Json;
}

/**
 * Where a sink without transactions of its own keeps its checkpoint: one atomic, durable write.
 * A sink with transactions ignores it and keeps positions in its own database.
 */
export interface CheckpointSlot {
  load(): SinkState | undefined;
  save(state: SinkState): void;
}

/** One chunk of a backfill: ledgers from `first` to `last`, both included. */
export interface Chunk {
  readonly first: number;
  readonly last: number;
}

/** The chunk that a run writes, and whom a sink tells of it. */
export interface ChunkInHand extends Chunk {
  /** A file or object that stands under its final name, with the SHA-256 of its bytes in hex. */
  wrote?(place: string, sha256: string): void;
}

/** Where a sink of files puts the output of a chunk until it is whole. */
export interface ChunkOutput {
  /** The sink's config for this chunk: its output collides with that of no other attempt. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Gives the files their names, in place of what an earlier attempt left, and returns these. */
  finish(): Promise<readonly string[]>;
  /** Drops what an attempt that failed has left. */
  discard(): Promise<void>;
}

export interface SinkContext extends ComponentContext {
  readonly checkpoint: CheckpointSlot;
  /** False with `--no-persistence`: `checkpoint` forgets, and output starts afresh. */
  readonly persistent: boolean;
  /** True with `--reset`: positions and what the sink holds for this pipeline are to be dropped. */
  readonly reset: boolean;
  /**
   * Of the assignment under which it runs; default 0, outside a fleet. A sink whose output others can reach
   * records it with its checkpoint and refuses to write (`sink/fenced`) under an older one.
   */
  readonly epoch?: number;
  /**
   * The run writes one chunk of a backfill. The output of other chunks stands beside its own and
   * must be left alone; what an earlier attempt at this chunk left may be written over.
   */
  readonly chunk?: ChunkInHand | undefined;
}

/**
 * Encodes batches, one after the other, each by itself: what it gives does not depend on those
 * before, since these may be encoded elsewhere. Throws what `Sink.write` throws for a bad row.
 */
export type Encoder = (batch: Batch) => Encoded;

export interface Sink {
  /**
   * Prepares the output (folders, tables), repairs what a crash left behind (cuts a file back to
   * its committed length), and returns what is committed already.
   */
  open(): Promise<Positions>;
  /**
   * Takes a batch; it need not be durable yet. The sequence is above the source's position. When
   * it throws, it has taken nothing of the batch. The batch may then come again, or in parts that
   * have the same sequence (how `on_error` finds the events that are rejected), so a sink whose
   * rows can be rejected lets `write` say so, not `commit`.
   */
  write(batch: Batch): Promise<void> | void;
  /**
   * `write` for a batch that an encoder of this sink's definition has encoded; `write(batch)` is
   * `writeEncoded(batch, encode(batch))`. When it throws, it has taken nothing, and `write` follows.
   */
  writeEncoded?(batch: BatchKey, encoded: Encoded): Promise<void> | void;
  /** The encoder of `write`. Without it, what is before this sink is done by one thread (`TwoSteps`). */
  readonly encode?: Encoder | undefined;
  /**
   * Makes what was written durable together with its positions, as far as the format allows (a
   * Parquet file only when it is complete), and returns the positions that are durable now.
   * `final`: the range ends here, so incomplete output is finished too; a drain is an `interval`.
   * When it throws a retryable error, it may be called again and then covers the same writes.
   */
  commit(reason: "interval" | "idle" | "final"): Promise<Positions>;
  /** Frees resources without committing: what a crash would do, but tidy. */
  close(): Promise<void>;
}

/** One thing that `flowctl doctor` looked at. */
export interface CheckResult {
  /** What was looked at, as the user knows it: a URL, a folder, a table. No secrets. */
  readonly target: string;
  readonly status: "ok" | "warning" | "failed";
  /** What was found: a latency, a server version, or what is wrong. */
  readonly detail: string;
  /** What the user can do about it, as a sentence. */
  readonly hint?: string;
}

/** What a definition of any role may have beside its declaration. */
export interface Checkable {
  /**
   * Looks whether everything that this config names can be reached with its credentials: a
   * server, a bucket, a folder that can be written to. It reads no ledger, writes nothing that
   * stays, gives up when the context's `signal` fires, and reports rather than throws; what it
   * throws all the same becomes one failed result.
   */
  check?(context: ComponentContext): Promise<readonly CheckResult[]>;
}

export interface SourceDefinition extends ComponentDeclaration, Checkable {
  readonly role: "source";
  create(context: ComponentContext): Source | Promise<Source>;
  /**
   * The wanted ledgers of what `readPacked` gave, in order, for the source of that id. Pure, but
   * for what it throws when something is wrong with them.
   */
  unpack?(packed: Packed, source: string): Iterable<UnpackedLedger>;
}

export interface ProcessorDefinition extends ComponentDeclaration, Checkable {
  readonly role: "processor";
  create(context: ComponentContext): Processor | Promise<Processor>;
}

export interface SinkDefinition extends ComponentDeclaration, Checkable {
  readonly role: "sink";
  create(context: SinkContext): Sink | Promise<Sink>;
  /** Makes the encoder of a config, for worker threads; the sink has `writeEncoded` then. */
  encoder?(config: Readonly<Record<string, unknown>>): Encoder;
  /** For files that grow: one that is a chunk's alone. Absent: chunks share the output. */
  chunkOutput?(config: Readonly<Record<string, unknown>>, chunk: Chunk): ChunkOutput;
}

export type ComponentDefinition = SourceDefinition | ProcessorDefinition | SinkDefinition;
