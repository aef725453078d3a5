/**
 * What NATS says of the fleet's edges: how much stands in each stream, and how far its readers are
 * behind. Asked when somebody scrapes, and not more often than every few seconds.
 */

import type { Bus, Nats } from "../../bus/connection.ts";
import type { Exposition } from "./exposition.ts";
import { labelText } from "./exposition.ts";

/** Answers are this old at most. */
const MAX_AGE_MS = 5_000;
/** A scrape waits this long for NATS, then gives what was known before. */
const WAIT_MS = 1_000;
/** Streams of the fleet; the metrics of those beyond are left out. */
export const MAX_STREAMS = 1_000;
const OURS = /^flowctl-/;

interface StreamFigures {
  readonly stream: string;
  readonly messages: number;
  readonly bytes: number;
  readonly consumers: readonly {
    readonly consumer: string;
    readonly pending: number;
    readonly unacknowledged: number;
    readonly redelivered: number;
  }[];
}

interface BusFigures {
  readonly round_trip_s: number;
  readonly stored_bytes: number;
  /** Below 0: no limit. */
  readonly limit_bytes: number;
  readonly streams: readonly StreamFigures[];
}

export interface BusLook {
  expose(exposition: Exposition): Promise<void>;
}

export function createBusLook(bus: Pick<Bus, "current" | "monitor_url">): BusLook {
  let figures: BusFigures | undefined;
  let asked = -Infinity;
  let asking: Promise<void> | undefined;

  const ask = async (nats: Nats) => {
    try {
      figures = await figuresOf(nats, bus.monitor_url);
    } catch {
      // A NATS that does not answer is told by its connection and by figures that are not there.
      figures = undefined;
    } finally {
      asking = undefined;
    }
  };
  const refresh = async (nats: Nats | undefined) => {
    if (nats === undefined) {
      figures = undefined;
      return;
    }
    const now = performance.now();
    if (asking === undefined && now - asked >= MAX_AGE_MS) {
      asked = now;
      asking = ask(nats);
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    const enough = new Promise<void>((resolve) => timer = setTimeout(resolve, WAIT_MS));
    await Promise.race([asking, enough]);
    clearTimeout(timer);
  };

  return {
    async expose(exposition) {
      const nats = bus.current();
      await refresh(nats);
      const gauge = (name: string, help: string, value: number, labels = {}) =>
        exposition.sample(`flowctl_bus_${name}`, "gauge", help, labelText(labels), value);
      gauge("connected", "1 while the server reaches NATS, else 0.", nats === undefined ? 0 : 1);
      if (figures === undefined) return;
      gauge("round_trip_seconds", "To NATS and back.", figures.round_trip_s);
      gauge("stored_bytes", "What JetStream keeps in files.", figures.stored_bytes);
      if (figures.limit_bytes > 0) {
        gauge("stored_limit_bytes", "What JetStream may keep in files.", figures.limit_bytes);
      }
      for (const { stream, messages, bytes, consumers } of figures.streams) {
        gauge("stream_messages", "Ledgers in an edge's stream.", messages, { stream });
        gauge("stream_bytes", "Bytes in an edge's stream.", bytes, { stream });
        for (const { consumer, pending, unacknowledged, redelivered } of consumers) {
          const labels = { stream, consumer };
          gauge("consumer_pending", "Ledgers that a reader has not got yet.", pending, labels);
          gauge(
            "consumer_unacknowledged",
            "Ledgers that a reader has got and not finished.",
            unacknowledged,
            labels,
          );
          gauge("consumer_redelivered", "Of these, given again.", redelivered, labels);
        }
      }
    },
  };
}

async function figuresOf(
  { connection, jsm }: Nats,
  monitorUrl: string | undefined,
): Promise<BusFigures> {
  const round_trip_s = await connection.rtt() / 1_000;
  const account = await jsm.getAccountInfo();
  const streams: StreamFigures[] = [];
  for await (const { config, state } of jsm.streams.list()) {
    if (!OURS.test(config.name)) continue;
    if (streams.length >= MAX_STREAMS) break;
    const consumers: StreamFigures["consumers"][number][] = [];
    for await (const info of jsm.consumers.list(config.name)) {
      consumers.push({
        consumer: info.name,
        pending: info.num_pending,
        unacknowledged: info.num_ack_pending,
        redelivered: info.num_redelivered,
      });
    }
    const { messages, bytes } = state;
    streams.push({ stream: config.name, messages, bytes, consumers });
  }
  return {
    round_trip_s,
    stored_bytes: account.storage,
    limit_bytes: account.limits.max_storage > 0
      ? account.limits.max_storage
      : await serverLimit(monitorUrl),
    streams,
  };
}

/** Where the account has no limit of its own, the server's, which only its monitoring tells. */
async function serverLimit(monitorUrl: string | undefined): Promise<number> {
  if (monitorUrl === undefined) return -1;
  try {
    const answer = await fetch(new URL("/jsz", monitorUrl), {
      signal: AbortSignal.timeout(WAIT_MS),
    });
    const { config } = await answer.json() as { config?: { max_storage?: unknown } };
    return Number(config?.max_storage ?? -1);
  } catch {
    return -1;
  }
}
