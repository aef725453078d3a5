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
  readonly publisher: Publisher;
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
    const { source, ledger } = JSON.parse(text) as Partial<ReplayRequest>;
    return typeof source === "string" && typeof ledger === "number" && ledger >= 0
      ? { source, ledger }
      : undefined;
  } catch {
    return undefined;
  }
}

async function answer(
  options: ReplayOptions,
  nats: Nats,
  { source, ledger }: ReplayRequest,
): Promise<ReplayAnswer> {
  const { edge, written } = options;
  // It has not come that far yet: the ledger will be published in its turn.
  if ((written.get(source) ?? -1) < ledger) return "coming";
  await edge.ensure(nats);
  const place = await edge.locate(nats, source, ledger);
  if (place.found) return "there";
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
    const start = Math.min(starts.get(source) ?? ledger, ledger);
    const marker = control("rewind", source, ledger - 1, start);
    await nats.js.publish(edge.subject(source), marker.payload, {
      headers: headersOf(marker, scope.epoch, 1, 1, 0),
      expect: { lastSequence: state.last_seq },
    });
  }
  options.onRewind(reason);
}
