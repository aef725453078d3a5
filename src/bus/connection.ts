/**
 * The connection to NATS, shared by every edge of a process: it never gives up, and says at any
 * time whether the server is there.
 */

import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { JetStreamClient, JetStreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import type { ConnectionOptions, NatsConnection } from "@nats-io/transport-node";
import type { Logger } from "../flow/component.ts";
import { backoff_ms } from "../spec/backoff.ts";
import { messageOf } from "../spec/errors.ts";
import { authenticatorsOf, tlsOptions } from "./credentials.ts";
import type { BusConnectOptions } from "./options.ts";
import { hostOf, serversOf, withoutSecrets } from "./servers.ts";
import { pause } from "./wait.ts";

/** Pauses between attempts to reach the servers: growing, ± half, so that a fleet spreads. */
const RECONNECT = { initial_delay_ms: 250, max_delay_ms: 10_000, jitter: 0.5 } as const;
/** A dead connection (a partition) is noticed after two pings without an answer. */
const PING_INTERVAL_ms = 5_000;
const MAX_PINGS_OUT = 2;
/** How long a JetStream request may take. */
export const REQUEST_TIMEOUT_ms = 5_000;

export interface Nats {
  readonly connection: NatsConnection;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
}

export interface Bus {
  /** Monitoring address of the server, where it is known. */
  readonly monitor_url?: string | undefined;
  /** The connection while it is up; undefined while NATS is away. */
  current(): Nats | undefined;
  /** Resolves once connected; undefined when that takes longer, or the signal fires. */
  connected(timeout_ms: number, signal?: AbortSignal): Promise<Nats | undefined>;
  /** Called at each change; returns how to end that. */
  onChange(listener: (up: boolean) => void): () => void;
  close(): Promise<void>;
}

/** Starts connecting; throws only for what a retry cannot mend (a missing credentials file). */
export async function openBus(options: BusConnectOptions, log: Logger): Promise<Bus> {
  const settings = await connectionOptions(options, reconnectDelay_ms);
  const listeners = new Set<(up: boolean) => void>();
  const closed = new AbortController();
  let nats: Nats | undefined;
  let up = false;
  let awaySince = performance.now();

  /**
   * Grows with the time away, not with the calls: the client asks more than once per attempt, and
   * a delay that grew with each would never be over.
   */
  function reconnectDelay_ms(): number {
    const away_ms = performance.now() - awaySince;
    return backoff_ms({
      ...RECONNECT,
      initial_delay_ms: Math.max(RECONNECT.initial_delay_ms, away_ms / 4),
    }, 1);
  }

  function change(next: boolean): void {
    if (next === up) return;
    up = next;
    if (!up) awaySince = performance.now();
    const fields = { servers: withoutSecrets(options.servers) };
    if (up) log.info("NATS is there", fields);
    else if (!closed.signal.aborted) log.warn("NATS is away", fields);
    for (const listener of [...listeners]) listener(up);
  }

  async function follow(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type === "disconnect" || status.type === "staleConnection") change(false);
      else if (status.type === "reconnect") change(true);
    }
  }

  async function run(): Promise<void> {
    for (let attempt = 0; !closed.signal.aborted; attempt += 1) {
      try {
        const connection = await connect(settings);
        if (closed.signal.aborted) return await connection.close();
        nats = {
          connection,
          js: jetstream(connection, { timeout: REQUEST_TIMEOUT_ms }),
          jsm: await jetstreamManager(connection, { checkAPI: false, timeout: REQUEST_TIMEOUT_ms }),
        };
        attempt = 0;
        change(true);
        void follow(connection);
        // It reconnects by itself; it ends only when closed or when its credentials are refused.
        const error = await connection.closed();
        nats = undefined;
        change(false);
        if (error !== undefined) log.error(`NATS: ${messageOf(error)}`);
      } catch (error) {
        if (attempt === 0) log.warn(`NATS cannot be reached: ${messageOf(error)}`);
        else log.debug(`NATS cannot be reached: ${messageOf(error)}`);
      }
      await pause(backoff_ms(RECONNECT, attempt + 1), closed.signal);
    }
  }
  const running = run();

  return {
    monitor_url: options.monitor_url,
    current: () => up ? nats : undefined,
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    connected: (timeout_ms, signal) =>
      new Promise((resolve) => {
        if (up) return resolve(nats);
        const settle = () => {
          clearTimeout(timer);
          listeners.delete(settle);
          signal?.removeEventListener("abort", settle);
          resolve(up ? nats : undefined);
        };
        const timer = setTimeout(settle, timeout_ms);
        listeners.add(settle);
        signal?.addEventListener("abort", settle);
        if (signal?.aborted === true) settle();
      }),
    async close() {
      closed.abort();
      await nats?.connection.close().catch(() => undefined);
      await running;
    },
  };
}

async function connectionOptions(
  options: BusConnectOptions,
  reconnectDelay_ms: () => number,
): Promise<ConnectionOptions> {
  const { credentials = {} } = options;
  const urls = serversOf(options.servers);
  const tls = await tlsOptions(urls, credentials);
  return {
    servers: urls.map(hostOf),
    name: options.name,
    authenticator: await authenticatorsOf(urls, credentials),
    ...(tls === undefined ? {} : { tls }),
    reconnect: true,
    maxReconnectAttempts: -1,
    reconnectDelayHandler: reconnectDelay_ms,
    // A refusal may be a server that is still loading its accounts.
    ignoreAuthErrorAbort: true,
    // A stack trace for each publish costs more than most ledgers do.
    noAsyncTraces: true,
    pingInterval: PING_INTERVAL_ms,
    maxPingOut: MAX_PINGS_OUT,
    timeout: REQUEST_TIMEOUT_ms,
  };
}
