/** A sink in the graph: writes in order, skips what it has, commits in groups. */

import type { Collector } from "../runtime/memory.ts";
import { FlowctlError } from "../spec/errors.ts";
import type { ComponentSpec } from "../spec/pipeline.ts";
import type { Batch, NodeFacts } from "./batch.ts";
import { countRows, filled, withGroups } from "./batch.ts";
import { componentError } from "./component-error.ts";
import type { Positions, Sink } from "./component.ts";
import type { Counters } from "./counters.ts";
import { createMutex } from "./mutex.ts";
import { isAboutEvents } from "./on-error.ts";
import type { FaultPolicy } from "./on-error.ts";
import { onlyTypes, sliceRows } from "./rows.ts";
import { joinEncoded } from "./two-steps.ts";

/** A commit covers at most this much time, these ledgers, these bytes, whichever comes first. */
export const COMMIT_INTERVAL_ms = 1_000;
export const COMMIT_LIMIT_ledgers = 500;
export const COMMIT_LIMIT_bytes = 64 * 1024 * 1024;
/**
 * When nothing came for this long, what was written is committed: ledgers that come closer
 * together, which is while catching up, share a commit.
 */
export const COMMIT_IDLE_ms = 20;
/**
 * A ledger that comes after a pause this long is committed at once: at the head of the network no
 * other follows soon. From a lake whose files hold many ledgers that is one commit more per pause.
 */
export const COMMIT_PAUSE_ms = 250;

export type CommitReason = "interval" | "idle" | "final";

export interface SinkNode {
  /** What is committed already. */
  open(): Promise<Positions>;
  /** Which ledgers the sink lacks: those above the given sequence, per source. */
  startAbove(positions: Positions): void;
  write(batch: Batch): Promise<void>;
  /** Commits whatever is not committed; `final` also finishes incomplete output. */
  commit(reason: CommitReason): Promise<void>;
  /** Last durable sequence per source. */
  durable(): Positions;
}

export interface SinkNodeOptions {
  readonly spec: ComponentSpec;
  readonly sink: Sink;
  readonly counters: Counters;
  readonly faults: FaultPolicy;
  /** Is told which rows are garbage. */
  readonly collector: Collector;
  /** Sequences may leave gaps: they are those of a replay. Default false. */
  readonly sparse?: boolean;
  /** Fires: the sink is about to be closed and is not called again. */
  readonly ended: AbortSignal;
  /** Called after each commit. */
  onCommit(): void;
  /** Called when a commit that no write waits for fails. */
  onFailure(error: FlowctlError): void;
}

export function createSinkNode(options: SinkNodeOptions): SinkNode {
  const { spec, sink, counters, faults, collector } = options;
  const mutex = createMutex();
  const types = new Set(spec.input_event_types);
  const written = new Map<string, number>();
  const durable = new Map<string, number>();
  const dirty = { ledgers: 0, bytes: 0, since: 0, last: 0 };
  /** When it had nothing to do any more. */
  let idleSince = performance.now();
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** True while a ledger is written in parts, and after a commit failed: nothing is committed. */
  let torn = false;

  function noteDurable(positions: Positions): void {
    for (const [source, sequence] of positions) {
      durable.set(source, sequence);
      counters.committed(source, sequence);
    }
  }

  /** False when the sink has this ledger already. */
  function isDue(batch: Batch): boolean {
    const last = written.get(batch.source);
    if (last !== undefined && batch.sequence <= last) return false;
    if (last !== undefined && batch.sequence > last + 1 && options.sparse !== true) {
      throw new FlowctlError(
        "flow/gap",
        `sink ${spec.id} has ledger ${last} of ${batch.source}, but the next that came ` +
          `is ${batch.sequence}`,
      );
    }
    return true;
  }

  async function writeBatch(batch: Batch): Promise<void> {
    try {
      await faults.attempt(() => sink.write(batch));
    } catch (error) {
      const { error: cause, attempts } = faults.tolerate(batch, error);
      const failure = { error: cause, attempts };
      const parts = isAboutEvents(cause) ? countRows(batch) : 1;
      if (parts > 1) {
        torn = true;
        const middle = Math.floor(parts / 2);
        await writeBatch(sliceRows(batch, 0, middle));
        await writeBatch(sliceRows(batch, middle, parts));
        return;
      }
      faults.giveUp(batch, () => failure);
      // The ledger itself still counts, or the sink's position would stay behind it.
      await writeBatch(withGroups(batch, [], 0));
    }
  }

  /** Takes what a worker thread has encoded, if it has; undefined: the rows must be written. */
  async function writeMade(batch: Batch): Promise<NodeFacts | undefined> {
    const pieces = batch.hollow?.made.encoded[spec.id];
    const made = batch.hollow?.made.nodes[spec.id];
    if (pieces === undefined || made === undefined || faults.mayHaveDead(batch)) return undefined;
    const settled = onlyTypes(batch.hollow?.settled ?? withGroups(batch, [], 0), types);
    try {
      const encoded = joinEncoded(pieces, settled, sink.encode);
      const size_bytes = encoded.transfer.reduce((sum, { byteLength }) => sum + byteLength, 0);
      await sink.writeEncoded?.(batch, encoded);
      // The rows are garbage of the thread that has made them; here it is what they became.
      collector.passed(size_bytes);
    } catch {
      // It has taken nothing: writing the rows tells what is wrong, and what becomes of it.
      return undefined;
    }
    const facts = {
      ...made,
      events_in: made.events_in + countRows(settled),
      bytes_in: made.bytes_in + settled.bytes,
    };
    counters.tookOver(batch.sequence, facts);
    return facts;
  }

  async function writeHere(batch: Batch): Promise<Batch> {
    const input = faults.withoutDead(onlyTypes(await filled(batch), types));
    const start = performance.now();
    await writeBatch(input);
    torn = false;
    counters.busy(performance.now() - start);
    counters.finished(input, undefined);
    return input;
  }

  function asComponentError(error: unknown): FlowctlError {
    return error instanceof FlowctlError ? error : componentError(spec, error);
  }

  async function commitNow(reason: CommitReason): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const start = performance.now();
    try {
      noteDurable(await faults.attempt(() => sink.commit(reason)));
    } catch (error) {
      torn = true;
      counters.failed();
      counters.setState("failed");
      throw componentError(spec, error);
    }
    counters.busy(performance.now() - start);
    dirty.ledgers = 0;
    dirty.bytes = 0;
    idleSince = performance.now();
    options.onCommit();
  }

  function dueReason(now: number): CommitReason | undefined {
    if (dirty.ledgers === 0) return undefined;
    if (dirty.ledgers >= COMMIT_LIMIT_ledgers || dirty.bytes >= COMMIT_LIMIT_bytes) {
      return "interval";
    }
    if (now - dirty.since >= COMMIT_INTERVAL_ms) return "interval";
    return now - dirty.last >= COMMIT_IDLE_ms ? "idle" : undefined;
  }

  /** One timer at a time, set anew only when it fires: a write costs no timer of its own. */
  function armTimer(): void {
    timer ??= setTimeout(() => {
      mutex.run(async () => {
        timer = undefined;
        if (dirty.ledgers === 0 || torn || options.ended.aborted) return;
        const reason = dueReason(performance.now());
        if (reason === undefined) armTimer();
        else await commitNow(reason);
      }).catch((error: unknown) => options.onFailure(asComponentError(error)));
    }, COMMIT_IDLE_ms);
  }

  return {
    async open() {
      const positions = await faults.attempt(() => sink.open()).catch((error: unknown) => {
        counters.failed();
        throw componentError(spec, error);
      });
      noteDurable(positions);
      return positions;
    },
    startAbove(positions) {
      for (const [source, sequence] of positions) written.set(source, sequence);
    },
    durable: () => durable,

    write: (batch) =>
      mutex.run(async () => {
        if (options.ended.aborted || !isDue(batch)) return;
        const cameAlone = performance.now() - idleSince >= COMMIT_PAUSE_ms;
        const made = await writeMade(batch);
        const bytes = made?.bytes_in ?? (await writeHere(batch)).bytes;
        const now = performance.now();
        written.set(batch.source, batch.sequence);
        if (dirty.ledgers === 0) dirty.since = now;
        dirty.ledgers += 1;
        dirty.bytes += bytes;
        dirty.last = idleSince = now;
        const reason = cameAlone ? "idle" : dueReason(now);
        if (reason === undefined) armTimer();
        else await commitNow(reason);
        // Rows that a thread has made are its garbage, not this one's.
        if (made === undefined) collector.passed(bytes);
      }),

    commit: (reason) =>
      mutex.run(async () => {
        clearTimeout(timer);
        timer = undefined;
        if (torn || options.ended.aborted) return;
        if (dirty.ledgers === 0 && reason !== "final") return;
        await commitNow(reason);
      }),
  };
}
