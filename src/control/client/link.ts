/**
 * One process's way to its control plane: the transport, and whether anybody answers. All that the
 * process reports goes over one link, so that an outage is warned of once, not once a component.
 */

import type { Transport } from "@connectrpc/connect";
import type { Logger } from "../../flow/component.ts";
import { messageOf } from "../../spec/errors.ts";
import { isRefused, transportTo } from "./endpoint.ts";
import type { EndpointOptions } from "./endpoint.ts";

export interface LinkOptions extends EndpointOptions {
  readonly log?: Logger | undefined;
}

export interface Link {
  readonly endpoint: string;
  readonly transport: Transport;
  readonly log: Logger;
  /** True while the last call reached the control plane. */
  readonly connected: boolean;
  /** Counts the calls that were not answered. */
  readonly misses: number;
  /** Counts the calls that were answered. */
  readonly reaches: number;
  /**
   * A call was answered. One that began before another was missed (`asOf`: `misses` when it began)
   * says nothing about now.
   */
  reached(asOf?: number): void;
  /**
   * A call was not, or was refused. One that began before another was answered (`asOf`: `reaches`
   * when it began) may have met the server of before: the next call says how it is now.
   */
  missed(error: unknown, asOf?: number): void;
  /** Called at each change of `connected`. Returns how to stop. */
  onChange(listener: (connected: boolean) => void): () => void;
}

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** Nothing is contacted before the first call. Throws `cli/usage` for an address that is none. */
export function createLink(options: LinkOptions): Link {
  const log = options.log ?? silent;
  const listeners = new Set<(connected: boolean) => void>();
  let connected = false;
  let warned = false;
  let misses = 0;
  let reaches = 0;

  const become = (now: boolean) => {
    if (connected === now) return;
    connected = now;
    for (const listener of listeners) listener(now);
  };

  return {
    endpoint: options.endpoint,
    transport: transportTo(options),
    log,
    get connected() {
      return connected;
    },
    get misses() {
      return misses;
    },
    get reaches() {
      return reaches;
    },
    reached(asOf = misses) {
      if (asOf !== misses) return;
      reaches++;
      if (warned) log.info("connected to flowctl again", { endpoint: options.endpoint });
      warned = false;
      become(true);
    },
    missed(error, asOf = reaches) {
      if (asOf !== reaches) return;
      misses++;
      if (!warned) {
        warned = true;
        log.warn("Failed to connect to flowctl, continuing without integration", {
          endpoint: options.endpoint,
          error: messageOf(error),
          ...(isRefused(error) ? { hint: "check the token and its role" } : {}),
        });
      }
      become(false);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
