/**
 * Asking for ledgers that an edge should hold and does not: the reader asks, the producer marks in
 * the stream from where it goes on, and the run starts again there, reading from the source.
 */

import type { Subscription } from "@nats-io/transport-node";
import type { Logger } from "../flow/component.ts";
import { FlowctlError, messageOf } from "../spec/errors.ts";
import type { Nats } from "./connection.ts";
import type { Edge } from "./edge.ts";
import { positionOf } from "./edge.ts";
import { control, headersOf } from "./message.ts";
import { replaySubject } from "./names.ts";
import { fenced } from "./publisher.ts";
import type { Publisher } from "./publisher.ts";
import type { BusScope } from "./scope.ts";

const REQUEST_TIMEOUT_ms = 2_000;

interface ReplayRequest {
  readonly source: string;
  /** The first ledger that the reader lacks. */
  readonly ledger: number;
  /** It stands in the stream up to here, and cannot be read. */
  readonly damaged?: number | undefined;
}

/** What the producer says: it will come, it is there, or it goes back for it. */
export type ReplayAnswer = "coming" | "there" | "rewinding" | "unheard";

export async function requestReplay(
  nats: Nats,
  edge: Edge,
  request: ReplayRequest,
): Promise<ReplayAnswer> {
  try {
    const answer = await nats.connection.request(
      replaySubject(edge.key),
      JSON.stringify(request),
      { timeout: REQUEST_TIMEOUT_ms },
    );
    const text = answer.string();
    return text === "coming" || text === "there" || text === "rewinding" ? text : "unheard";
  } catch {
    return "unheard";
  }
}

export interface ReplayOptions {
  readonly scope: BusScope;
  readonly edge: Edge;
  readonly log: Logger;
  readonly publisher: Pick<Publisher, "pending" | "positions" | "takeBack">;
  /** How far this run has come, per source. */
  readonly written: ReadonlyMap<string, number>;
  readonly starts: ReadonlyMap<string, number>;
  onRewind(reason: FlowctlError): void;
}

/** Answers until it is closed. */
export function answerReplays(options: ReplayOptions): () => void {
  const { scope, edge, log } = options;
  let subscription: Subscription | undefined;
  let of: Nats | undefined;
  let busy = false;

  function subscribe(): void {
    const nats = scope.bus.current();
    // A connection that comes back takes its subscriptions up by itself.
    if (nats === undefined || nats === of) return;
    of = nats;
    subscription = nats.connection.subscribe(replaySubject(edge.key), {
      callback(error, message) {
        if (error !== null) return log.debug(`replay requests: ${messageOf(error)}`);
        if (busy) return;
        busy = true;
        const request = parseRequest(message.string());
        const answered = request === undefined
          ? Promise.resolve<ReplayAnswer>("unheard")
          : answer(options, nats, request);
        answered.then((text) => message.respond(text)).catch((thrown: unknown) => {
          log.debug(`replay request: ${messageOf(thrown)}`);
        }).finally(() => {
          busy = false;
        });
      },
    });
  }

  subscribe();
  const stop = scope.bus.onChange(subscribe);
  return () => {
    stop();
    try {
      subscription?.unsubscribe();
    } catch {
      // The connection is closed, and its subscriptions with it.
    }
  };
}

function parseRequest(text: string): ReplayRequest | undefined {
  try {
    const { source, ledger, damaged } = JSON.parse(text) as Partial<ReplayRequest>;
    return typeof source === "string" && typeof ledger === "number" && ledger >= 0
      ? { source, ledger, damaged }
      : undefined;
  } catch {
    return undefined;
  }
}

/** A publisher that has nothing: everything it was given stands in the stream, or is lost. */
const AT_REST: ReplayOptions["publisher"] = {
  pending: () => 0,
  positions: () => new Map(),
  takeBack: () => [],
};

/**
 * Answers for an edge whose producer has completed. Resolves when a reader lacks ledgers, with the
 * stream marked so that the next run begins with them; never when the signal fires first.
 */
export function awaitReplay(
  options: Pick<ReplayOptions, "scope" | "edge" | "log"> & {
    /** Ids of all sources whose ledgers the edge carries. */
    readonly sources: readonly string[];
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { sources, signal, ...rest } = options;
  return new Promise((resolve) => {
    const stop = answerReplays({
      ...rest,
      publisher: AT_REST,
      written: new Map(sources.map((source) => [source, Infinity])),
      starts: new Map(),
      onRewind() {
        stop();
        resolve();
      },
    });
    signal.addEventListener("abort", stop, { once: true });
  });
}

async function answer(
  options: ReplayOptions,
  nats: Nats,
  { source, ledger, damaged = 0 }: ReplayRequest,
): Promise<ReplayAnswer> {
  const { edge, written } = options;
  // It has not come that far yet: the ledger will be published in its turn.
  if ((written.get(source) ?? -1) < ledger) return "coming";
  await edge.ensure(nats);
  const place = await edge.locate(nats, source, ledger);
  if (place.found && place.seq > damaged) return "there";
  const standing = place.last === undefined ? undefined : positionOf(place.last.envelope);
  // What has been written may still be on its way into the stream.
  const onItsWay = options.publisher.pending() > 0 && standing !== undefined &&
    standing < ledger && options.publisher.positions().get(source)?.ledger === standing;
  if (onItsWay) return "coming";
  await rewind(options, nats, source, ledger, standing);
  return "rewinding";
}

async function rewind(
  options: ReplayOptions,
  nats: Nats,
  source: string,
  ledger: number,
  standing: number | undefined,
): Promise<void> {
  const { scope, edge, log, publisher, starts } = options;
  const reason = new FlowctlError(
    "bus/rewind",
    `a reader lacks ledger ${ledger} of ${source}, which the edge of ${edge.key.producer} lost`,
  );
  log.warn(reason.message, { stream: edge.stream });
  publisher.takeBack();
  if (standing !== ledger - 1) {
    const last = await edge.last(nats, source);
    if (last !== undefined && last.envelope.epoch > scope.epoch) {
      throw fenced(edge, last.envelope.epoch, scope.epoch);
    }
    const { state } = await nats.jsm.streams.info(edge.stream);
    const start = Math.min(starts.get(source) ?? last?.envelope.start ?? ledger, ledger);
    const marker = control("rewind", source, ledger - 1, start);
    await nats.js.publish(edge.subject(source), marker.payload, {
      headers: headersOf(marker, scope.epoch, 1, 1, 0),
      expect: { lastSequence: state.last_seq },
    });
  }
  options.onRewind(reason);
}
