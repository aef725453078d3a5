/**
 * One source of an edge, read: in order, without a gap, unpacked ahead of who asks, acknowledged
 * when everything downstream is durable.
 *
 * A channel knows the next ledger that it wants. What is older is dropped, what is newer means that
 * the stream lacks something: then the producer is asked, and what comes is dropped until the wanted
 * ledger is there. After a lost connection it starts anew at what is not committed.
 */

import type { Consumer, ConsumerMessages, JsMsg } from "@nats-io/jetstream";
import type { Batch } from "../flow/batch.ts";
import type { Logger } from "../flow/component.ts";
import { FlowctlError, messageOf } from "../spec/errors.ts";
import type { Nats } from "./connection.ts";
import { deadLetter } from "./dead-letter.ts";
import type { InFigures } from "./edge-meters.ts";
import { createEdge } from "./edge.ts";
import type { Edge } from "./edge.ts";
import { envelopeOf, unpackBatch } from "./message.ts";
import type { Envelope } from "./message.ts";
import { makeConsumer } from "./reader-consumer.ts";
import { requestReplay } from "./replay.ts";
import type { BusScope } from "./scope.ts";
import { pause } from "./wait.ts";

/** Ledgers that were read ahead of who asks for them: above what lanes of a graph hold. */
export const READ_AHEAD_ledgers = 64;
export const READ_AHEAD_bytes = 64 * 1024 * 1024;
/** Messages asked for at a time. */
const PULL_messages = 128;
/** A pull request's life: the server's heartbeats come twice in it, and tell of a lost stream. */
const PULL_EXPIRES_ms = 4_000;
const RETRY_PAUSE_ms = 500;
/** How often the producer is asked for a ledger that does not come. */
const REPLAY_INTERVAL_ms = 1_000;
/** A producer that does not answer so often in a row is not there: the run ends and says so. */
export const MAX_UNHEARD = 10;

export interface Channel {
  first(signal: AbortSignal): Promise<number | undefined>;
  get(ledger: number, signal: AbortSignal): Promise<Batch | undefined>;
  release(ledger: number): void;
  committed(ledger: number): void;
  head(): number | undefined;
  figures(): InFigures;
  close(): Promise<void>;
}

export interface ChannelOptions {
  readonly scope: BusScope;
  readonly producer: string;
  readonly readers: readonly string[];
  readonly source: string;
  log(): Logger;
}

interface Held {
  readonly batch: Batch;
  /** Set once its last reader has it: it no longer counts as read ahead. */
  taken: boolean;
}

export function createChannel(options: ChannelOptions): Channel {
  const { scope, readers, source } = options;
  const { bus, config } = scope;
  const edge = createEdge(scope, options.producer);
  const ended = new AbortController();
  const held = new Map<number, Held>();
  /** Acknowledgements that wait for the commit, in the order of delivery. */
  let unacked: { readonly ledger: number; readonly reply: string }[] = [];
  let wanted: number | undefined;
  let durable: number | undefined;
  let head: number | undefined;
  /** The source ended with this ledger. */
  let end: number | undefined;
  let failure: FlowctlError | undefined;
  const counts = { received: 0, bytes: 0, redelivered: 0, dead: 0, asked: 0 };
  let failures = 0;
  let messages: ConsumerMessages | undefined;
  let running: Promise<void> | undefined;
  let askedAt = -Infinity;
  /** Why the wanted ledger cannot come by itself; undefined: it may. */
  let lost: FlowctlError | undefined;
  let unheard = 0;
  /** Messages that cannot be read, by their place in the stream. */
  const damaged = new Set<number>();
  let assembling: { envelope: Envelope; readonly parts: Uint8Array[] } | undefined;
  let waiters: (() => void)[] = [];

  function wake(): void {
    const woken = waiters;
    waiters = [];
    for (const waiter of woken) waiter();
  }
  const change = () => new Promise<void>((resolve) => waiters.push(resolve));
  ended.signal.addEventListener("abort", wake);

  function isFull(): boolean {
    let ledgers = 0;
    let bytes = 0;
    for (const { taken, batch } of held.values()) {
      if (taken) continue;
      ledgers += 1;
      bytes += batch.bytes;
    }
    return ledgers >= READ_AHEAD_ledgers || (ledgers > 0 && bytes >= READ_AHEAD_bytes);
  }

  function start(ledger: number): void {
    if (running !== undefined) return;
    wanted = ledger;
    durable ??= ledger - 1;
    running = run();
  }

  async function run(): Promise<void> {
    while (!ended.signal.aborted && failure === undefined) {
      const nats = await bus.connected(RETRY_PAUSE_ms, ended.signal);
      if (nats === undefined) continue;
      try {
        await follow(nats);
      } catch (error) {
        if (error instanceof FlowctlError) {
          failure = error;
          break;
        }
        options.log().debug(`reading ${edge.stream}: ${messageOf(error)}`);
      }
      await pause(RETRY_PAUSE_ms, ended.signal);
    }
    wake();
  }

  /** Until the connection or the consumer is lost. */
  async function follow(nats: Nats): Promise<void> {
    await edge.ensure(nats);
    // From what is not committed, not from what is wanted: the producer keeps what is not read.
    const from = (durable ?? 0) + 1;
    let place = await edge.locate(nats, source, from);
    if (!place.found && from !== wanted) place = await edge.locate(nats, source, wanted ?? from);
    noteHead(place.last?.envelope);
    const seen = place.last?.envelope;
    const lacksNext = !place.found && (seen === undefined || seen.ledger !== (wanted ?? 0) - 1);
    if (seen?.kind === "end" && seen.ledger === (wanted ?? 0) - 1) noteEnd(seen);
    assembling = undefined;
    const consumer = await makeConsumer(nats, scope, edge, { readers, source, seq: place.seq });
    if (lacksNext) await askForWanted(nats);
    await consume(nats, consumer);
  }

  async function consume(nats: Nats, consumer: Consumer): Promise<void> {
    const current = await consumer.consume({
      max_messages: PULL_messages,
      expires: PULL_EXPIRES_ms,
      abort_on_missing_resource: true,
    });
    messages = current;
    const stop = bus.onChange(() => current.stop());
    const idle = setInterval(() => void askWhenIdle(nats), REPLAY_INTERVAL_ms);
    try {
      for await (const message of current) {
        await take(nats, message);
        while (isFull() && !ended.signal.aborted) await change();
        if (ended.signal.aborted || failure !== undefined) break;
      }
    } finally {
      clearInterval(idle);
      stop();
      current.stop();
      messages = undefined;
    }
  }

  /** An edge that is empty, or ends below what its reader has, may have lost its stream. */
  async function askWhenIdle(nats: Nats): Promise<void> {
    if (wanted === undefined || end !== undefined || isFull()) return;
    const patience_ms = REPLAY_INTERVAL_ms * (lost === undefined ? 5 : 1);
    if (performance.now() - askedAt < patience_ms) return;
    askedAt = performance.now();
    if (lost !== undefined) return await askForWanted(nats);
    const last = await edge.last(nats, source).catch(() => undefined);
    const lacks = last === undefined || last.envelope.ledger < wanted - 1;
    if (lacks) await askForWanted(nats);
  }

  async function askForWanted(nats: Nats): Promise<void> {
    if (wanted === undefined) return;
    askedAt = performance.now();
    counts.asked += 1;
    const answer = await requestReplay(nats, edge, {
      source,
      ledger: wanted,
      damaged: Math.max(0, ...damaged),
    });
    unheard = answer === "unheard" && lost !== undefined ? unheard + 1 : 0;
    if (unheard >= MAX_UNHEARD) {
      failure = lost;
      messages?.stop();
      wake();
    }
    if (answer === "rewinding") {
      options.log().warn(`ledger ${wanted} is missing on the edge: it is read again`, { source });
    } else if (answer === "there") messages?.stop();
  }

  async function take(nats: Nats, message: JsMsg): Promise<void> {
    const envelope = envelopeOf(message.headers);
    if (envelope === undefined || wanted === undefined) return void message.ack();
    noteHead(envelope, message.info.pending);
    counts.bytes += message.data.byteLength;
    if (message.redelivered) counts.redelivered += 1;
    const { kind, ledger } = envelope;
    if (kind !== "batch" || ledger < wanted) {
      if (kind === "end" && ledger === wanted - 1) noteEnd(envelope);
      return hold(ledger, message);
    }
    if (damaged.has(message.seq)) return message.term("damaged");
    if (ledger > wanted) {
      // Either delivery lost it, and it stands in the stream, or the producer must send it again.
      message.ack();
      lost ??= missing(edge, source, wanted);
      if (performance.now() - askedAt >= REPLAY_INTERVAL_ms) await askForWanted(nats);
      return;
    }
    const whole = assemble(envelope, message.data);
    if (whole !== undefined) {
      const batch = await unpack(nats, envelope, whole, message);
      if (batch === undefined) return;
      if (end !== undefined && ledger > end) end = undefined;
      held.set(ledger, { batch, taken: false });
      wanted = ledger + 1;
      counts.received += 1;
      failures = 0;
      lost = undefined;
      unheard = 0;
      wake();
    }
    hold(ledger, message);
  }

  /** The whole payload once its last part is there. Parts come in order, or all anew. */
  function assemble(envelope: Envelope, data: Uint8Array): Uint8Array | undefined {
    if (envelope.parts === 1) return data;
    if (envelope.part === 1) assembling = { envelope, parts: [data] };
    else if (
      assembling?.envelope.crc === envelope.crc &&
      assembling.parts.length === envelope.part - 1
    ) assembling.parts.push(data);
    else assembling = undefined;
    if (assembling === undefined || assembling.parts.length < envelope.parts) return undefined;
    const { parts } = assembling;
    assembling = undefined;
    return Buffer.concat(parts);
  }

  async function unpack(
    nats: Nats,
    envelope: Envelope,
    payload: Uint8Array,
    message: JsMsg,
  ): Promise<Batch | undefined> {
    try {
      return await unpackBatch(envelope, payload);
    } catch (error) {
      failures += 1;
      options.log().warn(`ledger ${envelope.ledger} came damaged: ${messageOf(error)}`, {
        attempt: failures,
      });
      if (failures < config.max_deliver) {
        message.nak();
        messages?.stop();
        return undefined;
      }
      counts.dead += 1;
      lost = await deadLetter(nats, scope, edge, source, message, messageOf(error));
      damaged.add(message.seq);
      failures = 0;
      await askForWanted(nats);
      return undefined;
    }
  }

  function hold(ledger: number, message: JsMsg): void {
    if (ledger <= (durable ?? -1)) message.ack();
    else unacked.push({ ledger, reply: replyOf(message) });
  }

  function noteHead(envelope: Envelope | undefined, pending = 0): void {
    if (envelope !== undefined) head = Math.max(head ?? 0, envelope.ledger + pending);
  }

  function noteEnd(envelope: Envelope): void {
    end = envelope.ledger;
    wake();
  }

  return {
    async first(signal) {
      const onAbort = () => wake();
      signal.addEventListener("abort", onAbort);
      try {
        while (!signal.aborted && !ended.signal.aborted) {
          const nats = await bus.connected(RETRY_PAUSE_ms, signal);
          const last = nats === undefined
            ? undefined
            : await edge.last(nats, source).catch(() => undefined);
          if (last !== undefined) return last.envelope.start;
          await pause(RETRY_PAUSE_ms / 5, signal);
        }
        return undefined;
      } finally {
        signal.removeEventListener("abort", onAbort);
      }
    },

    async get(ledger, signal) {
      start(ledger);
      const onAbort = () => wake();
      signal.addEventListener("abort", onAbort);
      try {
        for (;;) {
          const found = held.get(ledger);
          if (found !== undefined) return found.batch;
          if (failure !== undefined) throw failure;
          if (end !== undefined && ledger > end) return undefined;
          if (signal.aborted || ended.signal.aborted) return undefined;
          await change();
        }
      } finally {
        signal.removeEventListener("abort", onAbort);
      }
    },

    release(ledger) {
      for (const [each, entry] of held) {
        if (each < ledger) held.delete(each);
        else if (each === ledger) entry.taken = true;
      }
      wake();
    },

    committed(ledger) {
      durable = Math.max(durable ?? 0, ledger);
      const connection = bus.current()?.connection;
      // Without a connection nothing is acknowledged: the channel starts anew when it is back.
      if (connection === undefined) return void (unacked = []);
      const left: typeof unacked = [];
      for (const entry of unacked) {
        if (entry.ledger > ledger) left.push(entry);
        else if (entry.reply !== "") connection.publish(entry.reply, "+ACK");
      }
      unacked = left;
    },

    head: () => head,

    figures: () => ({
      bus_in_received_ledgers: counts.received,
      bus_in_bytes: counts.bytes,
      bus_in_redelivered: counts.redelivered,
      bus_in_dead_letters: counts.dead,
      bus_in_replay_requests: counts.asked,
      bus_in_unacked_ledgers: unacked.length,
      bus_in_lag_ledgers: Math.max(0, (head ?? 0) + 1 - (wanted ?? Infinity)),
      bus_in_connected: bus.current() === undefined ? 0 : 1,
    }),

    async close() {
      ended.abort();
      messages?.stop();
      await running;
    },
  };
}

function missing({ key, stream }: Edge, source: string, ledger: number): FlowctlError {
  return new FlowctlError(
    "bus/missing-ledger",
    `ledger ${ledger} of ${source} is not in ${stream}, and ${key.producer} does not answer`,
    {
      hint: `Its agent must run to read it again: flowctl agents shows where ${key.producer} is.`,
    },
  );
}

/** Where its acknowledgement goes: kept alone, because the message would keep its bytes. */
function replyOf(message: JsMsg): string {
  const { reply } = message as JsMsg & { readonly reply?: string };
  return reply ?? "";
}
