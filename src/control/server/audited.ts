/** Changes over REST go into the audit log, as those over RPC do. */

import type { Clock } from "../../runtime/clock.ts";
import type { Audit } from "../auth/audit.ts";
import { capabilityOf, isAudited } from "../auth/permissions.ts";
import { addressOf } from "../rpc/peer.ts";
import { principalOf } from "./gate.ts";
import type { Handler } from "./listener.ts";

export function audited(handler: Handler, audit: Audit, clock: Clock): Handler {
  return (request, response) => {
    const { method = "" } = request;
    const path = request.url?.split("?", 1)[0] ?? "";
    const capability = capabilityOf(method, path);
    if (capability !== undefined && isAudited(capability)) {
      const { actor, role } = principalOf(request);
      const peer = addressOf(request.socket);
      response.once("finish", () => {
        const { statusCode } = response;
        audit.add({
          at_ms: clock.now(),
          actor,
          role,
          action: `${method} ${path.slice(0, 300)}`,
          subject: "",
          peer,
          outcome: statusCode < 400 ? "done" : `failed: ${statusCode}`,
        });
      });
    }
    handler(request, response);
  };
}
