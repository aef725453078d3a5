/** Several servers of one network: the one that works is asked until it fails, then the next. */

import { sleep } from "../../flow/retry.ts";
import { backoff_ms } from "../../spec/backoff.ts";
import { FlowctlError } from "../../spec/errors.ts";
import type { RetryPolicy } from "../../spec/pipeline.ts";
import { Health, Network } from "./answers.ts";
import { type Endpoint, Throttled } from "./endpoint.ts";

export interface ServersOptions {
  readonly endpoints: readonly Endpoint[];
  /** Passphrase that they must have; undefined: that of the first one that answers. */
  readonly passphrase: string | undefined;
  /** After every server has failed: how often, and after which pause, they are all tried again. */
  readonly policy: RetryPolicy;
  readonly signal: AbortSignal;
  onRetry(error: unknown, delay_ms: number): void;
}

export interface Servers {
  readonly count: number;
  /** Calls on the current server, and on the next ones while it fails. */
  ask<T>(call: (endpoint: Endpoint) => Promise<T>): Promise<T>;
  /** From now on the next server is asked. */
  turn(): void;
  /** Passphrase of their network; a server is asked when it is not known yet. */
  network(): Promise<string>;
  health(): Promise<Health>;
}

export function createServers(options: ServersOptions): Servers {
  const { endpoints, policy, signal } = options;
  const checked = new Set<Endpoint>();
  let passphrase = options.passphrase;
  let current = 0;

  const endpoint = (): Endpoint => {
    const found = endpoints[current % endpoints.length];
    if (found === undefined) throw new Error("no server is named");
    return found;
  };

  /** A server's network is looked at once, before anything that it says is believed. */
  async function checkNetwork(of: Endpoint): Promise<string> {
    if (passphrase !== undefined && checked.has(of)) return passphrase;
    const { passphrase: stated } = await of.call("getNetwork", undefined, Network, signal);
    passphrase ??= stated;
    if (stated !== passphrase) {
      throw new FlowctlError(
        "source/wrong-network",
        `${of.name} belongs to the network "${stated}", not to "${passphrase}"`,
        { hint: "Check url and network_passphrase." },
      );
    }
    checked.add(of);
    return stated;
  }

  async function ask<T>(call: (endpoint: Endpoint) => Promise<T>): Promise<T> {
    for (let failures = 1;; failures++) {
      const asked = endpoint();
      try {
        await checkNetwork(asked);
        return await call(asked);
      } catch (error) {
        signal.throwIfAborted();
        const rounds = Math.floor(failures / endpoints.length);
        const final = !(error instanceof FlowctlError) || !error.retryable;
        if (final || rounds > policy.max_retries) throw error;
        current++;
        const isRoundOver = failures % endpoints.length === 0;
        const asks_ms = error instanceof Throttled ? error.retryAfter_ms : 0;
        const delay_ms = isRoundOver ? Math.max(backoff_ms(policy, rounds), asks_ms) : 0;
        options.onRetry(error, delay_ms);
        await sleep(delay_ms, signal);
        signal.throwIfAborted();
      }
    }
  }

  return {
    count: endpoints.length,
    ask,
    turn: () => void current++,
    network: async () => await ask(checkNetwork),
    health: () => ask((asked) => asked.call("getHealth", undefined, Health, signal)),
  };
}
