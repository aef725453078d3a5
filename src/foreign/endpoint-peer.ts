/** A component that runs already: flowctl connects to it and leaves its life to others. */

import { Code, ConnectError } from "@connectrpc/connect";
import type { ComponentContext } from "../flow/component.ts";
import { FlowctlError, messageOf } from "../spec/errors.ts";
import type { Link, OpenLink } from "./link.ts";
import { openLink } from "./link.ts";
import type { Peer } from "./peer.ts";

export function endpointPeer(context: ComponentContext, endpoint: string): Peer {
  const { spec } = context;
  const port = spec.external?.health_port;
  const host = new URL(endpoint.includes("://") ? endpoint : `http://${endpoint}`).hostname;
  const health = port === undefined ? undefined : `http://${host}:${port}`;
  let current: OpenLink | undefined;
  let count = 0;

  function drop(): void {
    current?.drop();
    current = undefined;
  }

  return {
    async link() {
      if (current !== undefined) return current;
      count += 1;
      try {
        current = await openLink(spec, count, { endpoint, health });
      } catch (error) {
        if (error instanceof FlowctlError) throw error;
        throw unreachable(spec.id, endpoint, error);
      }
      return current;
    },
    current: () => current,
    hasEnded: (link: Link) => Promise.resolve(link.lost.aborted),
    afterLoss(link: Link) {
      if (link === current) drop();
      return Promise.reject(unreachable(spec.id, endpoint, new Error("the connection was lost")));
    },
    worked() {},
    close() {
      drop();
      return Promise.resolve();
    },
  };
}

function unreachable(id: string, endpoint: string, cause: unknown): FlowctlError {
  const { code, rawMessage } = ConnectError.from(cause);
  const why = code === Code.Unknown ? messageOf(cause) : rawMessage;
  return new FlowctlError("component/unreachable", `${id} at ${endpoint} cannot be used: ${why}`, {
    hint: "Is it running, and is its endpoint host:port of its gRPC server?",
    retryable: true,
    cause,
  });
}
