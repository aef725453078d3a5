/** An edge in NATS: its stream, and what stands in it. */

import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
} from "@nats-io/jetstream";
import type { StreamConfig, StreamInfo } from "@nats-io/jetstream";
import { FlowctlError } from "../spec/errors.ts";
import type { Nats } from "./connection.ts";
import { envelopeOf } from "./message.ts";
import type { Envelope } from "./message.ts";
import { streamName, streamSubjects, subjectOf } from "./names.ts";
import type { EdgeKey } from "./names.ts";
import type { BusScope } from "./scope.ts";

const NANOS_PER_MS = 1_000_000;

/** A message as it stands in the stream. */
export interface Standing {
  /** Its sequence in the stream. */
  readonly seq: number;
  readonly envelope: Envelope;
}

export interface Place {
  /** Where in the stream to read on from. */
  readonly seq: number;
  /** Whether the ledger stands there; false: it is not in the stream, as far as one can see. */
  readonly found: boolean;
  /** The newest message of the source. */
  readonly last: Standing | undefined;
}

export interface Edge {
  readonly key: EdgeKey;
  readonly stream: string;
  subject(source: string): string;
  /** Creates the stream, or brings its limits in line. Throws `bus/rejected`. */
  ensure(nats: Nats): Promise<StreamInfo>;
  last(nats: Nats, source: string): Promise<Standing | undefined>;
  /** The first message of the source at or after this place. */
  next(nats: Nats, source: string, seq: number): Promise<Standing | undefined>;
  locate(nats: Nats, source: string, ledger: number): Promise<Place>;
}

export function createEdge(scope: BusScope, producer: string): Edge {
  const key: EdgeKey = { ...scope.pipeline, producer };
  const stream = streamName(key);
  const wanted = streamConfig(scope, key);
  const subjects = new Map<string, string>();

  function subject(source: string): string {
    const known = subjects.get(source) ?? subjectOf(key, source);
    subjects.set(source, known);
    return known;
  }

  async function read(
    nats: Nats,
    query: { last_by_subj: string } | { seq: number; next_by_subj: string },
  ): Promise<Standing | undefined> {
    try {
      const message = await nats.jsm.streams.getMessage(stream, query);
      const envelope = envelopeOf(message?.header);
      return message === null || envelope === undefined
        ? undefined
        : { seq: message.seq, envelope };
    } catch (error) {
      if (isApiError(error, JetStreamApiCodes.NoMessageFound)) return undefined;
      throw error;
    }
  }

  const edge: Edge = {
    key,
    stream,
    subject,
    async ensure(nats) {
      try {
        const info = await nats.jsm.streams.info(stream);
        if (!differs(info.config, wanted)) return info;
        return await nats.jsm.streams.update(stream, wanted);
      } catch (error) {
        if (!isApiError(error, JetStreamApiCodes.StreamNotFound)) throw refused(error, stream);
      }
      try {
        return await nats.jsm.streams.add(wanted);
      } catch (error) {
        throw refused(error, stream);
      }
    },
    last: (nats, source) => read(nats, { last_by_subj: subject(source) }),
    next: (nats, source, seq) => read(nats, { seq, next_by_subj: subject(source) }),

    async locate(nats, source, ledger) {
      const { state } = await nats.jsm.streams.info(stream);
      const last = await edge.last(nats, source);
      const end = { seq: state.last_seq + 1, found: false, last };
      if (last === undefined || positionOf(last.envelope) < ledger) {
        return last === undefined ? end : { ...end, seq: last.seq + 1 };
      }
      // With one source and nothing in between, ledgers stand at a fixed distance.
      const guess = last.seq - (last.envelope.ledger - ledger);
      const guessed = guess < state.first_seq ? undefined : await edge.next(nats, source, guess);
      if (guessed !== undefined && begins(guessed.envelope, ledger)) {
        return { seq: guessed.seq, found: true, last };
      }
      return await search(nats, source, ledger, state.first_seq, last);
    },
  };

  /** By halving. A stream that was rewound is not sorted: then reading starts at its beginning. */
  async function search(
    nats: Nats,
    source: string,
    ledger: number,
    first_seq: number,
    last: Standing,
  ): Promise<Place> {
    let low = first_seq;
    let high = last.seq;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const at = await edge.next(nats, source, middle);
      if (at !== undefined && at.envelope.ledger < ledger) low = at.seq + 1;
      else high = middle;
    }
    const at = await edge.next(nats, source, low);
    if (at !== undefined && begins(at.envelope, ledger)) return { seq: at.seq, found: true, last };
    return { seq: first_seq, found: false, last };
  }

  return edge;
}

/** The last ledger that is complete once this message stands at the end. */
export function positionOf(envelope: Envelope): number {
  return envelope.part < envelope.parts ? envelope.ledger - 1 : envelope.ledger;
}

function begins(envelope: Envelope, ledger: number): boolean {
  return envelope.kind === "batch" && envelope.ledger === ledger && envelope.part === 1;
}

function streamConfig(scope: BusScope, key: EdgeKey): Partial<StreamConfig> & { name: string } {
  const { config } = scope;
  return {
    name: streamName(key),
    subjects: [streamSubjects(key)],
    description: `${key.namespace}/${key.name}: what ${key.producer} gives`,
    storage: config.storage === "file" ? StorageType.File : StorageType.Memory,
    retention: RetentionPolicy.Limits,
    // Full: the producer waits. Dropping the oldest would drop what nobody has read yet.
    discard: DiscardPolicy.New,
    max_bytes: config.max_bytes,
    max_age: (config.max_age ?? 0) * NANOS_PER_MS,
    num_replicas: config.replicas,
    duplicate_window: duplicateWindow_ms(scope) * NANOS_PER_MS,
  };
}

/** The server refuses a window that is longer than messages live. */
function duplicateWindow_ms({ config }: BusScope): number {
  return Math.min(config.duplicate_window, config.max_age ?? Infinity);
}

function differs(actual: StreamConfig, wanted: Partial<StreamConfig>): boolean {
  return (["max_bytes", "max_age", "num_replicas", "duplicate_window", "discard"] as const)
    .some((key) => actual[key] !== wanted[key]);
}

export function isApiError(error: unknown, ...codes: readonly number[]): boolean {
  return error instanceof JetStreamApiError && codes.includes(error.code);
}

/**
 * Refusals that asking again does not change: resources (10023, 10026 to 10028, 10047, 10122), a
 * configuration that does not fit (10052, 10058, 10065, 10074), JetStream off for the account
 * (10039). Anything else may pass: a stream that is just being deleted, a cluster without a leader.
 */
const REFUSALS = [10023, 10026, 10027, 10028, 10039, 10047, 10052, 10058, 10065, 10074, 10122];

function refused(error: unknown, stream: string): unknown {
  if (!(error instanceof JetStreamApiError) || !REFUSALS.includes(error.code)) return error;
  return new FlowctlError("bus/rejected", `NATS refuses stream ${stream}: ${error.message}`, {
    hint: "Look at the account's JetStream limits, and at spec.config.bus: max_bytes, replicas.",
    cause: error,
  });
}
