/**
 * Puts ledgers into an edge's stream, in order and each once.
 *
 * Every publish names the stream's last sequence that it expects, so of two producers that both
 * believe to own the edge only one gets each place, and neither can leave a gap or a repetition.
 * Publishes are pipelined: the expected sequence is predicted. Whatever goes wrong (a refusal, a
 * lost answer, a lost stream) has one answer: stop, look at what stands in the stream, go on there.
 */

import { crc32 } from "node:zlib";
import { JetStreamApiError } from "@nats-io/jetstream";
import type { Logger } from "../flow/component.ts";
import { FlowctlError, messageOf } from "../spec/errors.ts";
import type { Nats } from "./connection.ts";
import { REQUEST_TIMEOUT_ms } from "./connection.ts";
import type { Edge, Standing } from "./edge.ts";
import { isApiError, positionOf } from "./edge.ts";
import { headersOf, splitPayload, wireBytes } from "./message.ts";
import type { Outgoing } from "./message.ts";
import type { BusScope } from "./scope.ts";
import { pause } from "./wait.ts";

/** Publishes on their way to the server. */
export const WINDOW_messages = 256;
export const WINDOW_bytes = 16 * 1024 * 1024;
const RETRY_PAUSE_ms = 500;
/** "maximum bytes exceeded", "maximum messages exceeded", "insufficient resources". */
const STREAM_FULL_codes = [10077, 10023, 10047];
const UNAVAILABLE_status = 503;

export interface SourcePosition {
  readonly ledger: number;
  readonly start: number;
}

export interface Publisher {
  /** What stands in the stream, per source. */
  positions(): ReadonlyMap<string, SourcePosition>;
  /** Looks at the stream. Resolves when what it knows is true, or rejects with the failure. */
  sync(sources: readonly string[]): Promise<void>;
  push(message: Outgoing): void;
  /** Messages that were pushed and do not stand in the stream yet. */
  pending(): number;
  /** Messages that it has brought to stand there. */
  acked(): number;
  /** For how long something has waited without a word from JetStream; 0: nothing waits. */
  silent_ms(): number;
  /** Whether it has taken as much as it should hold. */
  full(): boolean;
  /** Resolves when something has changed: a message stands, the connection, a failure. */
  change(): Promise<void>;
  /** Resolves when everything pushed stands in the stream. Rejects with the failure. */
  drained(): Promise<void>;
  /** Forgets what is pending and returns it. It may or may not stand in the stream. */
  takeBack(): readonly Outgoing[];
  failure(): FlowctlError | undefined;
  fail(error: FlowctlError): void;
  close(): void;
}

interface Entry {
  readonly message: Outgoing;
  sent: boolean;
  acked: boolean;
}

export interface PublisherOptions {
  readonly scope: BusScope;
  readonly edge: Edge;
  readonly log: Logger;
  /** Called when the stream is full; drops what all readers have committed. */
  makeRoom(nats: Nats): Promise<void>;
}

export function createPublisher(options: PublisherOptions): Publisher {
  const { scope, edge, log } = options;
  const { bus, epoch, publishing } = scope;
  /** Held back here, ledgers would be late for a commit and for the spool. */
  const window_bytes = Math.min(WINDOW_bytes, publishing?.bytes_per_s ?? Infinity);
  const closed = new AbortController();
  const positions = new Map<string, SourcePosition>();
  const salts = new Map<string, number>();
  const sources = new Set<string>();
  let queue: Entry[] = [];
  let waiting_bytes = 0;
  let inFlight = 0;
  let inFlight_bytes = 0;
  /** Counts lost connections: what was on its way then is not waited for. */
  let generation = 0;
  let predicted = 0;
  let acked = 0;
  let synced = false;
  let syncing: Promise<void> | undefined;
  let failure: FlowctlError | undefined;
  /** When JetStream last said anything, or something began to wait for it. */
  let heardAt = performance.now();
  let pumping: ReturnType<typeof setImmediate> | undefined;
  /** Set while what waits is held back to keep the rate. */
  let paced: ReturnType<typeof setTimeout> | undefined;
  let waiters: (() => void)[] = [];

  function wake(): void {
    const woken = waiters;
    waiters = [];
    for (const waiter of woken) waiter();
  }
  const change = () => new Promise<void>((resolve) => waiters.push(resolve));

  function fail(error: FlowctlError): void {
    failure ??= error;
    synced = false;
    wake();
  }

  /** Once per turn of the event loop: what came in it leaves in one write. */
  function pumpSoon(): void {
    if (pumping !== undefined) return;
    pumping = setImmediate(() => {
      pumping = undefined;
      pump();
    });
  }

  function pump(): void {
    const nats = bus.current();
    if (!synced || nats === undefined) return;
    for (const entry of queue) {
      if (entry.sent) continue;
      if (inFlight >= WINDOW_messages || inFlight_bytes >= WINDOW_bytes) return;
      const wait_ms = publishing?.wait_ms() ?? 0;
      if (wait_ms > 0) return void pumpIn(wait_ms);
      send(nats, entry);
    }
  }

  function pumpIn(wait_ms: number): void {
    paced ??= setTimeout(() => {
      paced = undefined;
      // What was held back waited for us, not for JetStream.
      if (inFlight === 0) heardAt = performance.now();
      pump();
    }, wait_ms);
  }

  function send(nats: Nats, entry: Entry): void {
    const { message } = entry;
    const { source, ledger, kind, payload } = message;
    entry.sent = true;
    const max_payload = nats.connection.info?.max_payload ?? 1024 * 1024;
    const parts = splitPayload(payload, max_payload);
    const crc = kind === "batch" ? crc32(payload) : 0;
    const salt = salts.get(source) ?? 0;
    const acks = parts.map((part, index) => {
      const expected = predicted;
      predicted += 1;
      const subject = edge.subject(source);
      const headers = headersOf(message, epoch, index + 1, parts.length, crc);
      const published = nats.js.publish(subject, part, {
        headers,
        msgID: `${source}:${ledger}:${kind}:${index + 1}:${salt}`,
        expect: { lastSequence: expected },
        timeout: REQUEST_TIMEOUT_ms,
        retries: 0,
      });
      // The client has added its own headers by now.
      publishing?.spend(wireBytes(subject, headers, part));
      return published.then((ack) => {
        if (ack.duplicate || ack.seq !== expected + 1) throw new Repeated();
      });
    });
    const sentIn = generation;
    inFlight += 1;
    inFlight_bytes += payload.byteLength;
    Promise.allSettled(acks).then((results) => {
      if (sentIn !== generation) return;
      inFlight -= 1;
      inFlight_bytes -= payload.byteLength;
      const refusal = results.find((result) => result.status === "rejected");
      if (refusal === undefined || isAnswer(refusal.reason)) heardAt = performance.now();
      if (refusal === undefined) acknowledge(entry);
      else void resync(refusal.reason);
      if (synced) pumpSoon();
      wake();
    });
  }

  function acknowledge(entry: Entry): void {
    entry.acked = true;
    while (queue[0]?.acked === true) {
      const { message } = queue.shift()!;
      acked += 1;
      waiting_bytes -= message.payload.byteLength;
      positions.set(message.source, { ledger: message.ledger, start: message.start });
    }
  }

  /** One at a time; what fails while it runs is part of what it mends. */
  function resync(cause: unknown): Promise<void> {
    synced = false;
    return syncing ??= mend(cause).catch((error: unknown) => {
      fail(
        error instanceof FlowctlError ? error : new FlowctlError("flow/internal", messageOf(error)),
      );
    }).finally(() => {
      syncing = undefined;
      wake();
    });
  }

  async function mend(first: unknown): Promise<void> {
    let cause = first;
    while (failure === undefined && !closed.signal.aborted) {
      while (inFlight > 0) await change();
      const nats = await bus.connected(RETRY_PAUSE_ms, closed.signal);
      if (nats === undefined) continue;
      try {
        if (isApiError(cause, ...STREAM_FULL_codes)) {
          log.debug(`edge ${edge.key.producer} waits for its readers: the stream is full`);
          await options.makeRoom(nats);
          await pause(RETRY_PAUSE_ms, closed.signal);
        } else if (isPermission(cause)) {
          throw new FlowctlError(
            "bus/rejected",
            `NATS refuses to take ledgers: ${messageOf(cause)}`,
          );
        }
        await look(nats, cause instanceof Repeated);
        heardAt = performance.now();
        synced = true;
        pump();
        return;
      } catch (error) {
        if (error instanceof FlowctlError) throw error;
        log.debug(`looking at the edge of ${edge.key.producer}: ${messageOf(error)}`);
        cause = error;
        await pause(RETRY_PAUSE_ms, closed.signal);
      }
    }
  }

  async function look(nats: Nats, repeated: boolean): Promise<void> {
    const { state } = await edge.ensure(nats);
    for (const { message } of queue) sources.add(message.source);
    for (const source of sources) {
      const last = await edge.last(nats, source);
      takePosition(source, last, repeated);
      dropStanding(source, last);
    }
    // Read before the last messages: what came in between makes the next publish look again.
    predicted = state.last_seq;
    for (const entry of queue) entry.sent = false;
  }

  function takePosition(source: string, last: Standing | undefined, repeated: boolean): void {
    if (last === undefined) {
      positions.delete(source);
      if (repeated) salts.set(source, Date.now());
      return;
    }
    const { envelope, seq } = last;
    if (envelope.epoch > epoch) throw fenced(edge, envelope.epoch, epoch);
    positions.set(source, { ledger: positionOf(envelope), start: envelope.start });
    // The server remembers ids also of messages that are gone, or of which parts are missing.
    const torn = envelope.part < envelope.parts || envelope.kind === "rewind";
    if (torn || repeated) salts.set(source, seq);
  }

  function dropStanding(source: string, last: Standing | undefined): void {
    const position = positions.get(source)?.ledger;
    const ended = last?.envelope.kind === "end";
    const before = queue.length;
    if (position !== undefined) {
      queue = queue.filter(({ message }) =>
        message.source !== source || message.ledger > position ||
        (message.kind === "end" && message.ledger === position && !ended)
      );
    }
    if (queue.length < before) {
      waiting_bytes = queue.reduce((sum, { message }) => sum + message.payload.byteLength, 0);
    }
    const next = queue.find(({ message }) => message.source === source)?.message;
    if (next === undefined || position === undefined) return;
    const due = next.kind === "end" ? position : position + 1;
    if (next.ledger > due) throw lostTail(edge, source, position, next.ledger);
  }

  /** The ledger that stands in the stream, or is on its way there, last. */
  function lastOf(source: string): number | undefined {
    const last = queue.findLast(({ message }) => message.source === source);
    return last?.message.ledger ?? positions.get(source)?.ledger;
  }

  const stopFollowing = bus.onChange((up) => {
    // What is on its way when the connection breaks may or may not have arrived.
    if (!up) {
      synced = false;
      generation += 1;
      inFlight = 0;
      inFlight_bytes = 0;
    } else if (!synced && sources.size > 0) void resync(undefined);
    wake();
  });

  return {
    positions: () => positions,
    async sync(names) {
      for (const name of names) sources.add(name);
      await resync(undefined);
      if (failure !== undefined) throw failure;
    },
    push(message) {
      sources.add(message.source);
      const { kind, source, ledger } = message;
      const before = lastOf(source);
      // A spool that has dropped its oldest ledgers: what follows them must not stand there first.
      if (synced && kind === "batch" && before !== undefined && ledger > before + 1) {
        return fail(lostTail(edge, source, before, ledger));
      }
      if (queue.length === 0) heardAt = performance.now();
      queue.push({ message, sent: false, acked: false });
      waiting_bytes += message.payload.byteLength;
      if (synced) pumpSoon();
      else void resync(undefined);
    },
    pending: () => queue.length,
    acked: () => acked,
    silent_ms() {
      const held = queue.length === 0 || (paced !== undefined && inFlight === 0);
      return held ? 0 : performance.now() - heardAt;
    },
    full: () => queue.length >= WINDOW_messages || waiting_bytes >= window_bytes,
    change,
    async drained() {
      while (queue.length > 0) {
        if (failure !== undefined) throw failure;
        await change();
      }
      if (failure !== undefined) throw failure;
    },
    takeBack() {
      const messages = queue.map(({ message }) => message);
      queue = [];
      waiting_bytes = 0;
      synced = false;
      wake();
      return messages;
    },
    failure: () => failure,
    fail,
    close() {
      closed.abort();
      clearImmediate(pumping);
      clearTimeout(paced);
      stopFollowing();
      wake();
    },
  };
}

/** The server says that it has a message of this id: is it still there? */
class Repeated extends Error {}

/** A refusal is a word too; not that of a leaf or a follower which reaches nobody. */
function isAnswer(error: unknown): boolean {
  return error instanceof Repeated || isApiError(error, ...STREAM_FULL_codes) ||
    (error instanceof JetStreamApiError && error.status !== UNAVAILABLE_status);
}

function isPermission(error: unknown): boolean {
  return error instanceof Error && error.name === "PermissionViolationError";
}

export function fenced(edge: Edge, theirs: number, ours: number): FlowctlError {
  return new FlowctlError(
    "bus/fenced",
    `the edge of ${edge.key.producer} belongs to epoch ${theirs}; this agent has epoch ${ours}`,
    { hint: "Another agent runs this component now; nothing is lost." },
  );
}

export function lostTail(edge: Edge, source: string, has: number, next: number): FlowctlError {
  return new FlowctlError(
    "bus/rewind",
    `the edge of ${edge.key.producer} has ${source} up to ledger ${has}, and ledger ${next} is ` +
      "next: those between are read from the source again",
  );
}
