/** Writes the changes that RPC calls make into the audit log. */

import { ConnectError } from "@connectrpc/connect";
import type { Interceptor } from "@connectrpc/connect";
import type { Clock } from "../../runtime/clock.ts";
import { peerKey } from "../rpc/peer.ts";
import type { Audit } from "./audit.ts";
import { isAudited, RPC_PERMISSIONS } from "./permissions.ts";
import { principalKey } from "./principal.ts";

/** Characters of a subject or outcome that are kept. */
const MAX_TEXT = 200;

export function auditCalls(audit: Audit, clock: Clock): Interceptor {
  return (next) => async (request) => {
    const { service, method } = request;
    const capability = RPC_PERMISSIONS[service.typeName]?.[method.name];
    if (capability === undefined || !isAudited(capability) || method.name.startsWith("List")) {
      return await next(request);
    }
    const principal = request.contextValues.get(principalKey);
    const note = (outcome: string) =>
      audit.add({
        at_ms: clock.now(),
        actor: principal.actor,
        role: principal.role,
        action: `${service.typeName}/${method.name}`,
        subject: request.stream ? "" : subjectOf(request.message),
        peer: request.contextValues.get(peerKey).address,
        outcome: outcome.slice(0, MAX_TEXT),
      });
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
function subjectOf(message: object): string {
  const inner = (message as { signal?: unknown }).signal;
  const fields = (typeof inner === "object" && inner !== null ? inner : message) as Record<
    string,
    unknown
  >;
  const field = SUBJECT_FIELDS.find((name) => typeof fields[name] === "string" && fields[name]);
  return field === undefined ? "" : String(fields[field]).slice(0, MAX_TEXT);
}
