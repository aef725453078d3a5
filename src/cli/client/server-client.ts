/** Calls to a control plane, and what is said when it does not answer or refuses. */

import { Code, ConnectError, createClient } from "@connectrpc/connect";
import type { Client, Transport } from "@connectrpc/connect";
import type { DescService } from "@bufbuild/protobuf";
import { baseUrlOf, transportTo } from "../../control/client/endpoint.ts";
import type { EndpointOptions } from "../../control/client/endpoint.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { endpointOf } from "./server-options.ts";
import type { ServerOptions } from "./server-options.ts";

export interface ServerClient {
  /** As the user may know it: `http://host:port`. */
  readonly url: string;
  of<S extends DescService>(service: S): Client<S>;
  /** Waits for a call; what goes wrong is a FlowctlError that says what to do. */
  answer<T>(call: Promise<T>): Promise<T>;
  /** The same for a stream. */
  stream<T>(items: AsyncIterable<T>): AsyncIterable<T>;
}

/** Nothing is contacted before the first call. */
export function serverClient(options: ServerOptions): ServerClient {
  const endpoint = endpointOf(options);
  const url = baseUrlOf(endpoint.endpoint);
  const transport: Transport = transportTo(endpoint);
  const explained = (error: unknown) => failureOf(error, url, endpoint);
  return {
    url,
    of: (service) => createClient(service, transport),
    async answer(call) {
      try {
        return await call;
      } catch (error) {
        throw explained(error);
      }
    },
    async *stream(items) {
      try {
        yield* items;
      } catch (error) {
        throw explained(error);
      }
    },
  };
}

function failureOf(error: unknown, url: string, { token }: EndpointOptions): FlowctlError {
  if (error instanceof FlowctlError) return error;
  const { code, rawMessage } = ConnectError.from(error);
  switch (code) {
    case Code.NotFound:
      return new FlowctlError("control/not-found", rawMessage, { cause: error });
    case Code.InvalidArgument:
    case Code.FailedPrecondition:
      return new FlowctlError("cli/usage", rawMessage, { cause: error });
    case Code.Unauthenticated:
      return new FlowctlError("control/refused", `${url} does not let this caller in`, {
        hint: token === undefined
          ? "give a token with --token or FLOWCTL_TOKEN, or keep it in a context: flowctl context add"
          : "the token is wrong, expired or revoked: make another with flowctl token create",
        cause: error,
      });
    case Code.PermissionDenied:
      return new FlowctlError("control/refused", `${url} refuses this call: ${rawMessage}`, {
        hint: "use a token of a role that may do it: viewer looks, operator changes what runs",
        cause: error,
      });
    case Code.Unimplemented:
      return new FlowctlError("control/unreachable", `${url} is no control plane of this version`, {
        hint: "check the address; flowctl server starts one",
        cause: error,
      });
    default:
      return new FlowctlError("control/unreachable", `${url} does not answer: ${rawMessage}`, {
        hint: "is it running? flowctl server starts one; --server or FLOWCTL_SERVER name another",
        retryable: true,
        cause: error,
      });
  }
}
