/** What is said when a control plane does not answer or refuses: one text for every command. */

import { Code, ConnectError } from "@connectrpc/connect";
import { FlowctlError } from "../../spec/errors.ts";
import type { ErrorCode } from "../../spec/errors.ts";

export interface CalledServer {
  /** As the user may know it: `http://host:port`. */
  readonly url: string;
  readonly token?: string | undefined;
  /** What the server's "invalid argument" is about: the command line, or a pipeline's file. */
  readonly wrongInput: ErrorCode;
}

export function callFailure(
  error: unknown,
  { url, token, wrongInput }: CalledServer,
): FlowctlError {
  if (error instanceof FlowctlError) return error;
  const { code, rawMessage } = ConnectError.from(error);
  switch (code) {
    case Code.NotFound:
      return new FlowctlError("control/not-found", rawMessage, { cause: error });
    case Code.InvalidArgument:
      return new FlowctlError(wrongInput, rawMessage, { cause: error });
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
    case Code.Aborted:
    case Code.ResourceExhausted:
      return new FlowctlError("control/refused", rawMessage, { retryable: true, cause: error });
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
