/** A foreign source in the graph: what it streams, one batch per ledger. */

import { createClient } from "@connectrpc/connect";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { ledgerEvent } from "../events/ledger.ts";
import { eventTypeByName } from "../events/registry.ts";
import type { Batch } from "../flow/batch.ts";
import type { ComponentContext, LedgerRange, Source } from "../flow/component.ts";
import type { Event } from "../gen/proto/flowctl/v1/common_pb.js";
import { SourceService } from "../gen/proto/flowctl/v1/source_pb.js";
import { FlowctlError } from "../spec/errors.ts";
import { LinkLost, streamFailure } from "./faults.ts";
import type { Decoded } from "./incoming.ts";
import { decodeEvent, groupRows } from "./incoming.ts";
import type { Link } from "./link.ts";
import type { Peer } from "./peer.ts";
import { createSilence } from "./silence.ts";
import { throughRestarts } from "./restarts.ts";

/** Memory for the events of one ledger that is not complete yet. */
export const MAX_LEDGER_bytes = 256 * 1024 * 1024;

/** The events of one ledger, as they come. */
interface Pending {
  readonly sequence: number;
  readonly decoded: Decoded[];
  bytes: number;
  network: string;
  closedAt: Date;
}

const none = (): Pick<Pending, "decoded" | "bytes"> => ({ decoded: [], bytes: 0 });
const nothing: Pending = { ...none(), sequence: 0, network: "", closedAt: new Date(0) };

export function foreignSource(context: ComponentContext, peer: Peer): Source {
  const { spec, meter, signal } = context;
  const flush_ms = idleFlush(context);
  let head: number | undefined;

  async function* read(range: LedgerRange): AsyncGenerator<Batch> {
    let next = range.from;
    let events: AsyncGenerator<Event | "silence"> | undefined;
    let pending: Pending | undefined;
    /** The last ledger that silence ended: an event of it would come too late. */
    let flushed: number | undefined;
    let latest: Pending | undefined;

    /** The next event, over restarts of the component; undefined: the stream has ended. */
    const pull = () =>
      throughRestarts({
        context,
        peer,
        batch: { sequence: next ?? 0 },
        waits: true,
        async call(link) {
          if (events === undefined) {
            pending = undefined;
            events = stream(link, { ...range, from: next });
          }
          const { done, value } = await events.next();
          if (done !== true) return value;
          if (await peer.hasEnded(link)) throw new LinkLost("it ended");
          return undefined;
        },
        onLost() {
          events = undefined;
          // Started again it may repeat that ledger, which is not late but old.
          flushed = undefined;
        },
      });

    /** Everything up to this ledger; those in between of which nothing came are empty. */
    function* complete(ledger: Pending): Generator<Batch> {
      const empty = { ...ledger, ...none() };
      for (let at = next ?? ledger.sequence; at < ledger.sequence; at += 1) {
        next = at + 1;
        yield batchOf(spec.id, { ...empty, sequence: at });
      }
      next = ledger.sequence + 1;
      yield batchOf(spec.id, ledger);
    }

    try {
      for (;;) {
        const event = await pull();
        if (event === "silence") {
          if (pending === undefined) continue;
          flushed = pending.sequence;
          const ledger = pending;
          pending = undefined;
          yield* complete(ledger);
          continue;
        }
        if (event === undefined) break;
        const sequence = sequenceOf(spec.id, event);
        head = Math.max(head ?? 0, sequence);
        meter.add("total_bytes", event.payload.length);
        if (sequence === flushed) throw tooLate(spec.id, event, sequence);
        // A source that starts before the ledger asked for, as after a restart, repeats itself.
        if (next !== undefined && sequence < next) continue;
        if (range.to !== undefined && sequence > range.to) break;
        if (pending !== undefined && sequence < pending.sequence) {
          throw outOfOrder(spec.id, sequence, pending.sequence);
        }
        if (pending !== undefined && sequence > pending.sequence) {
          const ledger: Pending = pending;
          pending = undefined;
          yield* complete(ledger);
        }
        pending ??= newPending(event, sequence);
        addTo(pending, event);
        latest = pending;
        // A raw ledger is all there is of it, and a ledger that is left out is a gap.
        if (eventTypeByName(event.type) === ledgerEvent) {
          const ledger = pending;
          pending = undefined;
          next = sequence + 1;
          yield batchOf(spec.id, ledger);
        }
        if (range.to !== undefined && next !== undefined && next > range.to) return;
      }
      if (pending !== undefined) yield* complete(pending);
      // Told to end there, it ended in good order: nothing happened in the ledgers that are left.
      if (range.to === undefined || next === undefined || next > range.to) return;
      if (!emitsRaw(latest)) {
        yield* complete({ ...(latest ?? nothing), ...none(), sequence: range.to });
      }
    } finally {
      // Not awaited: it may be waiting for an event that never comes.
      events?.return(undefined).catch(() => {});
    }
  }

  /** Whether each ledger must come as an event; one who emits anything else may skip some. */
  function emitsRaw(latest: Pending | undefined): boolean {
    if (latest !== undefined) return latest.decoded.some(({ type }) => type === ledgerEvent);
    const { output_event_types: stated } = spec;
    return stated.length === 0 || stated.some((name) => eventTypeByName(name) === ledgerEvent);
  }

  async function* stream(link: Link, range: LedgerRange): AsyncGenerator<Event | "silence"> {
    const ending = AbortSignal.any([link.lost, signal]);
    const client = createClient(SourceService, link.transport);
    try {
      const events = client.streamEvents(requestOf(context, range, link.number > 1), {
        signal: ending,
      });
      yield* createSilence(events, flush_ms);
    } catch (error) {
      throw link.lost.aborted ? new LinkLost("it ended") : streamFailure(spec, error, undefined);
    }
    if (link.lost.aborted) throw new LinkLost("it ended");
  }

  return {
    read,
    bounds: () =>
      Promise.resolve({
        from: ledgerOf(spec.config["start_ledger"]),
        to: ledgerOf(spec.config["end_ledger"]),
      }),
    head: () => head,
    close: () => peer.close(),
  };
}

function ledgerOf(value: unknown): number | undefined {
  const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) && number > 0
    ? number
    : undefined;
}

/** Its config as strings; where to start and to end as the run wants it. */
function requestOf({ spec }: ComponentContext, range: LedgerRange, restarted: boolean) {
  const params: Record<string, string> = {};
  for (const [name, value] of Object.entries(spec.config)) {
    if (value === undefined || value === null) continue;
    params[name] = typeof value === "object" ? JSON.stringify(value) : String(value);
  }
  if (range.from !== undefined) params["start_ledger"] = String(range.from);
  if (range.to !== undefined) params["end_ledger"] = String(range.to);
  return { params, resume: restarted && range.from !== undefined, resumeToken: "" };
}

/** `config.idle_flush`, in ms: how long silence must last to end a ledger. Undefined: never. */
function idleFlush({ spec }: ComponentContext): number | undefined {
  const value = spec.config["idle_flush"];
  if (value === undefined) return undefined;
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(String(value)) ?? [];
  if (amount === undefined || unit === undefined) {
    throw new FlowctlError("spec/invalid", `${spec.id}: idle_flush is '${value}', no duration`, {
      hint: "Write it as 500ms, 5s or 1m.",
    });
  }
  return Number(amount) * { ms: 1, s: 1_000, m: 60_000 }[unit as "ms" | "s" | "m"];
}

function sequenceOf(id: string, event: Event): number {
  const sequence = Number(event.stellarCursor?.ledgerSequence ?? 0n);
  if (sequence > 0) return sequence;
  if (eventTypeByName(event.type) === ledgerEvent) {
    const decoded = decodeEvent(event, 0, event.id);
    if (decoded.type === ledgerEvent) return Number(decoded.row["sequence"]);
  }
  throw new FlowctlError(
    "component/protocol",
    `source ${id} sent event ${event.id} without a stellar_cursor`,
    { hint: "Each event must say to which ledger (or sequence of its own) it belongs." },
  );
}

function newPending(event: Event, sequence: number): Pending {
  const closedAt = event.timestamp === undefined ? new Date(0) : timestampDate(event.timestamp);
  const network = event.metadata["network"] ?? "";
  return { sequence, decoded: [], bytes: 0, network, closedAt };
}

function addTo(pending: Pending, event: Event): void {
  const fallback = `${event.sourceComponentId}-${pending.sequence}-${pending.decoded.length}`;
  const decoded = decodeEvent(event, pending.sequence, fallback);
  pending.decoded.push(decoded);
  pending.bytes += event.payload.length;
  if (decoded.type === ledgerEvent) {
    pending.network = String(decoded.row["network"]);
    pending.closedAt = decoded.row["closed_at"] as Date;
  }
  if (pending.bytes <= MAX_LEDGER_bytes) return;
  throw new FlowctlError(
    "component/too-large",
    `the events of ledger ${pending.sequence} are more than ${MAX_LEDGER_bytes} bytes`,
  );
}

function batchOf(source: string, ledger: Pending): Batch {
  const { sequence, network, closedAt, bytes } = ledger;
  return { source, sequence, network, closedAt, bytes, groups: groupRows(ledger.decoded) };
}

function tooLate(id: string, event: Event, sequence: number): FlowctlError {
  return new FlowctlError(
    "flow/order",
    `source ${id} sent event ${event.id} of ledger ${sequence} after the silence that ended it`,
    { hint: "Give idle_flush a longer time: it must outlast every pause within a ledger." },
  );
}

function outOfOrder(id: string, sequence: number, after: number): FlowctlError {
  return new FlowctlError(
    "flow/order",
    `source ${id} sent an event of ledger ${sequence} after one of ledger ${after}`,
  );
}
