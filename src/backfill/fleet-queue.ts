/**
 * A backfill over the fleet: a JetStream work queue of chunks that any number of agents pull, and a
 * key-value bucket that says where each stands. The queue gives a chunk again when whoever had it
 * has not said for a while that it is still at it.
 */

import {
  AckPolicy,
  DiscardPolicy,
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
} from "@nats-io/jetstream";
import type { Consumer, JsMsg } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import type { KV } from "@nats-io/kv";
import * as v from "valibot";
import type { Nats } from "../bus/connection.ts";
import type { Chunk } from "../flow/component.ts";
import { chunkStatusSchema } from "./chunk-status.ts";
import type { ChunkStatus } from "./chunk-status.ts";
import type { Backfill } from "./plan.ts";

const STREAM = "FLOWCTL_BACKFILL";
const SUBJECT = "flowctl.backfill";
const CONSUMER = "agents";
const BUCKET = "flowctl-backfill";
/** An agent that has not been heard of for this long has lost its chunk to others. */
export const ACK_WAIT_ms = 10_000;
/** How often an agent says that it is still at it. */
export const WORKING_INTERVAL_ms = 2_500;
/** A chunk that fails this often is given up. */
export const MAX_DELIVERIES = 5;
/** Chunks that may be with agents at the same time. */
const MAX_ACK_PENDING = 10_000;
const NS_PER_MS = 1_000_000;
/** "maximum messages per subject exceeded": the chunk is in the queue already. */
const ALREADY_QUEUED = 10077;

const backfillSchema = v.object({
  id: v.string(),
  pipeline: v.string(),
  yaml: v.string(),
  from: v.number(),
  to: v.number(),
  size: v.number(),
});

const chunkSchema = v.object({ backfill: v.string(), first: v.number(), last: v.number() });

export interface QueuedChunk extends Chunk {
  readonly backfill: string;
  /** 1 the first time. */
  readonly delivery: number;
  /** The chunk is still being done; resolves to false when NATS was not reached. */
  working(): void;
  /** Done: resolves when the server knows; only then does nobody else get it. */
  done(): Promise<boolean>;
  /** Not done: to be given again after this long. */
  again(delay_ms: number): void;
  /** Not to be given again. */
  giveUp(reason: string): void;
}

export interface FleetQueue {
  /** Undefined: no backfill of this id was announced. */
  backfill(id: string): Promise<Backfill | undefined>;
  announce(backfill: Backfill): Promise<void>;
  /** Adds a chunk; one that is in the queue already is left there. */
  add(backfill: string, chunk: Chunk): Promise<void>;
  /** Waits up to so long for a chunk. */
  next(wait_ms: number): Promise<QueuedChunk | undefined>;
  note(backfill: string, chunk: ChunkStatus): Promise<void>;
  status(backfill: string): Promise<readonly ChunkStatus[]>;
  /** No chunk waits, and none is being done. */
  idle(): Promise<boolean>;
  /** All chunks as they are, then every change, until the signal fires. */
  watch(backfill: string, signal: AbortSignal): AsyncIterable<ChunkStatus>;
  forget(backfill: string): Promise<void>;
}

/** Creates the stream, its consumer and the bucket where they are missing. */
export async function openFleetQueue({ connection, js, jsm }: Nats): Promise<FleetQueue> {
  const kv = await new Kvm(connection).create(BUCKET, { history: 1, allow_direct: false });
  await jsm.streams.add({
    name: STREAM,
    subjects: [`${SUBJECT}.>`],
    retention: RetentionPolicy.Workqueue,
    storage: StorageType.File,
    max_msgs_per_subject: 1,
    discard: DiscardPolicy.New,
    discard_new_per_subject: true,
  });
  await jsm.consumers.add(STREAM, {
    durable_name: CONSUMER,
    ack_policy: AckPolicy.Explicit,
    ack_wait: ACK_WAIT_ms * NS_PER_MS,
    max_ack_pending: MAX_ACK_PENDING,
  });
  const consumer: Consumer = await js.consumers.get(STREAM, CONSUMER);

  return {
    async backfill(id) {
      const entry = await kv.get(`backfill.${id}`);
      return entry === null || entry.operation !== "PUT"
        ? undefined
        : v.parse(backfillSchema, entry.json());
    },
    async announce(backfill) {
      await kv.put(`backfill.${backfill.id}`, JSON.stringify(backfill));
    },
    async add(backfill, { first, last }) {
      try {
        await js.publish(
          `${SUBJECT}.${backfill}.${first}`,
          JSON.stringify({ backfill, first, last }),
        );
      } catch (error) {
        if (!(error instanceof JetStreamApiError && error.code === ALREADY_QUEUED)) throw error;
      }
    },
    async next(wait_ms) {
      const message = await consumer.next({ expires: wait_ms });
      return message === null ? undefined : queued(message);
    },
    async note(backfill, chunk) {
      await kv.put(chunkKey(backfill, chunk.first), JSON.stringify(chunk));
    },
    status: (backfill) => statusOf(kv, backfill),
    async idle() {
      const { num_pending, num_ack_pending } = await consumer.info();
      return num_pending === 0 && num_ack_pending === 0;
    },
    watch: (backfill, signal) => watch(kv, backfill, signal),
    async forget(backfill) {
      await jsm.streams.purge(STREAM, { filter: `${SUBJECT}.${backfill}.>` });
      for await (const key of await kv.keys(`chunk.${backfill}.>`)) await kv.purge(key);
      await kv.purge(`backfill.${backfill}`);
    },
  };
}

function chunkKey(backfill: string, first: number): string {
  return `chunk.${backfill}.${first}`;
}

function queued(message: JsMsg): QueuedChunk {
  return {
    ...v.parse(chunkSchema, message.json()),
    delivery: message.info.deliveryCount,
    working: () => message.working(),
    done: () => message.ackAck(),
    again: (delay_ms) => message.nak(delay_ms),
    giveUp: (reason) => message.term(reason),
  };
}

async function statusOf(kv: KV, backfill: string): Promise<readonly ChunkStatus[]> {
  const chunks: ChunkStatus[] = [];
  for await (const key of await kv.keys(`chunk.${backfill}.>`)) {
    const entry = await kv.get(key);
    if (entry?.operation === "PUT") chunks.push(v.parse(chunkStatusSchema, entry.json()));
  }
  return chunks.sort((a, b) => a.first - b.first);
}

async function* watch(
  kv: KV,
  backfill: string,
  signal: AbortSignal,
): AsyncGenerator<ChunkStatus> {
  const updates = await kv.watch({ key: `chunk.${backfill}.>` });
  const stop = () => updates.stop();
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  for await (const entry of updates) {
    if (entry.operation === "PUT") yield v.parse(chunkStatusSchema, entry.json());
  }
}
