/** How a client names its control plane, and the transport to it. */

import { Code, ConnectError } from "@connectrpc/connect";
import type { Interceptor, Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { FlowctlError } from "../../spec/errors.ts";
import { traceCalls } from "../tracing/tracing.ts";
import { failover } from "./failover.ts";

/** What a single call may take. */
export const CALL_TIMEOUT_MS = 10_000;

export interface ClientTls {
  /** PEM texts. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

export interface EndpointOptions {
  /**
   * `http://host:port`, `https://host:port`, or bare `host:port`, which is cleartext; several on one
   * store, separated by commas.
   */
  readonly endpoint: string;
  readonly token?: string | undefined;
  readonly tls?: ClientTls | undefined;
}

/** `localhost:8080` becomes `http://localhost:8080`; the path is dropped; several keep their commas. */
export function baseUrlOf(endpoint: string): string {
  return endpoint.split(",").map((one) => originOf(one.trim())).join(",");
}

function originOf(endpoint: string): string {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(endpoint) ? endpoint : `http://${endpoint}`;
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new FlowctlError("cli/usage", `"${endpoint}" is no address of a control plane`, {
      hint: "Write it as host:port, http://host:port or https://host:port.",
      cause,
    });
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new FlowctlError("cli/usage", `"${endpoint}" has a scheme that is not http or https`, {
      hint: "Write it as host:port, http://host:port or https://host:port.",
    });
  }
  return url.origin;
}

/** Connect over HTTP/1.1: it passes every proxy, and a connection that died is simply made anew. */
export function transportTo(options: EndpointOptions): Transport {
  const { token, tls } = options;
  const authorize: Interceptor = (next) => (request) => {
    if (token !== undefined) request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
  const [first = "", ...more] = baseUrlOf(options.endpoint).split(",");
  const transport = (baseUrl: string) =>
    createConnectTransport({
      baseUrl,
      httpVersion: "1.1",
      interceptors: [traceCalls, authorize],
      defaultTimeoutMs: CALL_TIMEOUT_MS,
      ...(tls === undefined ? {} : {
        nodeOptions: {
          ...(tls.ca === undefined ? {} : { ca: tls.ca }),
          ...(tls.cert === undefined ? {} : { cert: tls.cert }),
          ...(tls.key === undefined ? {} : { key: tls.key }),
        },
      }),
    });
  return failover([transport(first), ...more.map(transport)]);
}

/** True when the other side does not know us (any more): register anew. */
export function isUnknownToServer(error: unknown): boolean {
  return ConnectError.from(error).code === Code.NotFound;
}

/** Refused for good: a wrong token or role does not heal by trying again soon. */
export function isRefused(error: unknown): boolean {
  const { code } = ConnectError.from(error);
  return code === Code.Unauthenticated || code === Code.PermissionDenied;
}

/** False: an older control plane has no such call, so there is nobody to tell. */
export async function unlessUnimplemented(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (ConnectError.from(error).code !== Code.Unimplemented) throw error;
    return false;
  }
}
