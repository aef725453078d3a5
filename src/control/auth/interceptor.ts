/** Lets a call through when its caller may make it, and writes changes into the audit log. */

import { Code, ConnectError } from "@connectrpc/connect";
import type { Interceptor } from "@connectrpc/connect";
import type { Clock } from "../../runtime/clock.ts";
import { peerKey } from "../rpc/peer.ts";
import type { Audit } from "./audit.ts";
import type { Authenticate } from "./authenticate.ts";
import { isAudited, RPC_PERMISSIONS } from "./permissions.ts";
import { may, principalKey } from "./principal.ts";

export interface AuthorizeOptions {
  readonly authenticate: Authenticate;
  readonly audit: Audit;
  readonly clock: Clock;
}

export function authorizeCalls({ authenticate, audit, clock }: AuthorizeOptions): Interceptor {
  return (next) => async (request) => {
    const { service, method } = request;
    const peer = request.contextValues.get(peerKey);
    const capability = RPC_PERMISSIONS[service.typeName]?.[method.name] ?? "administer";
    const principal = await authenticate({
      authorization: request.header.get("authorization"),
      socket: peer.socket,
    });
    if (principal === undefined) {
      throw new ConnectError(
        "this control plane needs a valid token: make one with `flowctl token create`",
        Code.Unauthenticated,
      );
    }
    const note = (outcome: string) => {
      if (!isAudited(capability)) return;
      audit.add({
        at_ms: clock.now(),
        actor: principal.actor,
        role: principal.role,
        action: `${service.typeName}/${method.name}`,
        subject: subjectOf(request.stream ? undefined : request.message),
        peer: peer.address,
        outcome,
      });
    };
    if (!may(principal, capability)) {
      note("denied");
      throw new ConnectError(
        `the role ${principal.role} may not call ${method.name}, which needs to ${capability}`,
        Code.PermissionDenied,
      );
    }
    request.contextValues.set(principalKey, principal);
    try {
      const response = await next(request);
      note("done");
      return response;
    } catch (error) {
      note(`failed: ${ConnectError.from(error).rawMessage}`);
      throw error;
    }
  };
}

const SUBJECT_FIELDS = ["id", "runId", "serviceId", "name", "pipeline"];

/** What the change is about, without its content, which may hold secrets. */
function subjectOf(message: object | undefined): string {
  if (message === undefined) return "";
  const fields = message as Record<string, unknown>;
  const field = SUBJECT_FIELDS.find((name) => typeof fields[name] === "string" && fields[name]);
  return field === undefined ? "" : String(fields[field]).slice(0, 200);
}
