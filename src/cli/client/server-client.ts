/** Calls to a control plane that a command makes. */

import { createClient } from "@connectrpc/connect";
import type { Client, Transport } from "@connectrpc/connect";
import type { DescService } from "@bufbuild/protobuf";
import { baseUrlOf, transportTo } from "../../control/client/endpoint.ts";
import type { ErrorCode } from "../../spec/errors.ts";
import { callFailure } from "./call-failure.ts";
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

/**
 * Nothing is contacted before the first call. `wrongInput` is the error of a call that the server
 * finds invalid: of a command that sends a file, the file's.
 */
export function serverClient(
  options: ServerOptions,
  wrongInput: ErrorCode = "cli/usage",
): ServerClient {
  const endpoint = endpointOf(options);
  const url = baseUrlOf(endpoint.endpoint);
  const transport: Transport = transportTo(endpoint);
  const explained = (error: unknown) =>
    callFailure(error, { url, token: endpoint.token, wrongInput });
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
