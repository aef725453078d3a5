/**
 * A component that runs already: flowctl connects to it and leaves its life to others. It may come
 * later than the run, be restarted, or move to another address behind its name.
 */

import { Code, ConnectError } from "@connectrpc/connect";
import type { ComponentContext } from "../flow/component.ts";
import { sleep } from "../flow/retry.ts";
import { backoff_ms } from "../spec/backoff.ts";
import { FlowctlError, messageOf } from "../spec/errors.ts";
import type { RetryPolicy } from "../spec/pipeline.ts";
import type { Link, OpenLink } from "./link.ts";
import { openLink } from "./link.ts";
import type { Peer } from "./peer.ts";

/** How long one call waits for it to answer (again); `retry_policy` says how many calls. */
export const ANSWER_LIMIT_ms = 30_000;

/** Between looks whether it answers, and between losses one after the other. */
const RECONNECT: RetryPolicy = {
  max_retries: 0,
  initial_delay_ms: 100,
  max_delay_ms: 5_000,
  jitter: 0.2,
};

export function endpointPeer(
  context: ComponentContext,
  endpoint: string,
  answer_limit_ms: number = ANSWER_LIMIT_ms,
): Peer {
  const { spec, log, meter, signal } = context;
  const port = spec.external?.health_port;
  const { hostname, protocol } = new URL(
    endpoint.includes("://") ? endpoint : `http://${endpoint}`,
  );
  const health = port === undefined ? undefined : `${protocol}//${hostname}:${port}`;
  const closing = new AbortController();
  const ending = AbortSignal.any([signal, closing.signal]);
  let current: OpenLink | undefined;
  let connecting: Promise<OpenLink> | undefined;
  let connections = 0;
  /** Since something was last handled. */
  let losses = 0;

  function drop(): void {
    current?.drop();
    current = undefined;
  }

  async function connect(): Promise<OpenLink> {
    const limit = performance.now() + answer_limit_ms;
    if (losses > 1) await sleep(backoff_ms(RECONNECT, losses), ending);
    for (let attempts = 1;; attempts += 1) {
      if (ending.aborted) {
        throw new FlowctlError("flow/interrupted", `${spec.id} is being stopped`);
      }
      try {
        current = await openLink(spec, connections + 1, { endpoint, health });
        connections += 1;
        if (attempts > 1 || losses > 0) log.info(`${endpoint} answers`, { connections });
        return current;
      } catch (error) {
        if (error instanceof FlowctlError) throw error;
        const failure = unreachable(spec.id, endpoint, error);
        if (!failure.retryable || performance.now() > limit) throw failure;
        if (attempts === 1) log.warn(`${failure.message}; waiting for it`);
        await sleep(backoff_ms(RECONNECT, attempts), ending);
      }
    }
  }

  return {
    link() {
      if (current !== undefined) return Promise.resolve(current);
      connecting ??= connect().finally(() => connecting = undefined);
      return connecting;
    },
    current: () => current,
    hasEnded: (link: Link) => Promise.resolve(link.lost.aborted),
    afterLoss(link: Link) {
      losses += 1;
      meter.add("reconnects", 1);
      if (link === current) drop();
      return Promise.resolve();
    },
    worked() {
      losses = 0;
    },
    giveUp(link, why) {
      log.warn(`${endpoint}: ${why}; connecting anew`);
      if (link === current) drop();
      return Promise.resolve();
    },
    close() {
      closing.abort();
      drop();
      return Promise.resolve();
    },
  };
}

function unreachable(id: string, endpoint: string, cause: unknown): FlowctlError {
  const error = ConnectError.from(cause);
  const why = error.code === Code.Unknown ? messageOf(cause) : error.rawMessage;
  const message = `${id} at ${endpoint} cannot be used: ${why}`;
  if (isOfCertificate(error)) {
    return new FlowctlError("component/unreachable", message, {
      hint: "Name the file with the certificate of its authority in NODE_EXTRA_CA_CERTS.",
      cause,
    });
  }
  return new FlowctlError("component/unreachable", message, {
    hint: "Is it running, and is its endpoint host:port of its gRPC server, or https://host:port " +
      "where it speaks TLS?",
    retryable: true,
    cause,
  });
}

/** Waiting does not make a certificate a better one. */
function isOfCertificate({ cause }: ConnectError): boolean {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return /CERT|SIGNATURE|UNABLE_TO_|ALTNAME/.test(code);
}
