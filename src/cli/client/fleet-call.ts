/** Calls to a control plane that a command makes, with errors that say what to do. */

import { Code, ConnectError } from "@connectrpc/connect";
import type { Transport } from "@connectrpc/connect";
import { baseUrlOf, transportTo } from "../../control/client/endpoint.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { endpointOf } from "./server-options.ts";
import type { ServerOptions } from "./server-options.ts";

/** Rejects with a `FlowctlError` only. */
export async function callServer<T>(
  options: ServerOptions,
  use: (transport: Transport) => Promise<T>,
): Promise<T> {
  const endpoint = endpointOf(options);
  try {
    return await use(transportTo(endpoint));
  } catch (error) {
    throw failureOf(error, baseUrlOf(endpoint.endpoint));
  }
}

function failureOf(error: unknown, server: string): FlowctlError {
  if (error instanceof FlowctlError) return error;
  const { code, rawMessage } = ConnectError.from(error);
  switch (code) {
    case Code.InvalidArgument:
      return new FlowctlError("spec/invalid", rawMessage, { cause: error });
    case Code.NotFound:
      return new FlowctlError("control/not-found", rawMessage, { cause: error });
    case Code.Unauthenticated:
    case Code.PermissionDenied:
      return new FlowctlError("control/refused", rawMessage, {
        hint: "give an operator's token with --token or FLOWCTL_TOKEN",
        cause: error,
      });
    case Code.Aborted:
    case Code.ResourceExhausted:
      return new FlowctlError("control/refused", rawMessage, { retryable: true, cause: error });
    default:
      return new FlowctlError("control/unreachable", `${server} does not answer: ${rawMessage}`, {
        hint: "start it with flowctl server, or name another with --server",
        retryable: true,
        cause: error,
      });
  }
}
