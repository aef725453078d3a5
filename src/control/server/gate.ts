/**
 * What every request passes before anything of its body is read: how much its peer may ask, who it
 * is, and whether that role may.
 */

import { Code } from "@connectrpc/connect";
import { constants } from "node:http2";
import type { Socket } from "node:net";
import type { Logger } from "../../flow/component.ts";
import type { Clock } from "../../runtime/clock.ts";
import { messageOf } from "../../spec/errors.ts";
import type { Audit } from "../auth/audit.ts";
import type { Authenticate } from "../auth/authenticate.ts";
import { capabilityOf, isAudited, isRpcPath } from "../auth/permissions.ts";
import { may, OPEN_PRINCIPAL } from "../auth/principal.ts";
import type { Principal } from "../auth/principal.ts";
import { addressOf } from "../rpc/peer.ts";
import { isForeignPage } from "./browser.ts";
import type { FloodGuard } from "./flood.ts";
import { createLane } from "./lane.ts";
import type { Handler } from "./listener.ts";
import { createRateLimiter, peerNetwork } from "./rate-limit.ts";
import type { Rate } from "./rate-limit.ts";
import { refuse } from "./refuse.ts";
import type { NodeRequest, NodeResponse, Refusal } from "./refuse.ts";
import { streamOf } from "./requests.ts";

export interface Limits {
  /** Requests of one peer, but for registrations. */
  readonly calls: Rate;
  /** Registrations of one peer, which each may take a place in the registry. */
  readonly registrations: Rate;
  /** Registrations of all peers together. */
  readonly all_registrations: Rate;
  /** Requests of one peer that are open at once, streams among them. */
  readonly open_requests: number;
  /** Connections that one peer opens. */
  readonly connections: Rate;
}

/** Ten thousand components behind one address beat a thousand times a second. */
export const DEFAULT_LIMITS: Limits = {
  calls: { per_second: 2_500, burst: 5_000 },
  registrations: { per_second: 500, burst: 1_000 },
  all_registrations: { per_second: 1_000, burst: 2_000 },
  open_requests: 12_000,
  connections: { per_second: 500, burst: 5_000 },
};

const REGISTRATIONS: ReadonlySet<string> = new Set([
  "/flowctl.ControlPlane/Register",
  "/flowctl.v1.ControlPlaneService/RegisterComponent",
]);

export interface GateOptions {
  readonly authenticate: Authenticate;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: Limits;
  readonly floods: FloodGuard;
  /** True where only this machine can connect: then a foreign Host header is a browser's trap. */
  readonly loopback: boolean;
}

/**
 * A refusal for too many calls is held back this long: whoever asks again at once, on all of its
 * streams, would otherwise keep the server busy with refusing.
 */
const HOLD_MS = 1_000;
/** Refusals held back at once; those beyond go out immediately. */
const MAX_HELD = 5_000;

/** A fleet that registers anew must not delay the heartbeats of those that have. */
const REGISTRATION_LANE = { width: 8, longest_ms: 10, limit: 10_000 } as const;

/** An answer to a call whose body was not read is on its way within this. */
const ANSWER_TIME_MS = 1_000;

const principals = new WeakMap<object, Principal>();

/** Who made this request; it has passed the gate. */
export function principalOf(request: object): Principal {
  return principals.get(request) ?? OPEN_PRINCIPAL;
}

export function gate(options: GateOptions, handler: Handler): Handler {
  const { audit, clock, limits, log } = options;
  const calls = createRateLimiter(limits.calls, clock);
  const registrations = createRateLimiter(limits.registrations, clock);
  const allRegistrations = createRateLimiter(limits.all_registrations, clock);
  const open = new Map<string, number>();
  const lane = createLane(REGISTRATION_LANE);

  /** How often the peer calls and how many of its calls are open; undefined: within its limits. */
  const beyondLimits = (peer: string, path: string): Refusal | undefined => {
    // Apart, so that one that registers in a circle does not use up its neighbours' heartbeats.
    const wait = (REGISTRATIONS.has(path) ? registrations : calls).take(peer);
    if (wait > 0) return tooMuch("too many requests from this address", wait);
    const more = REGISTRATIONS.has(path) ? allRegistrations.take("all") : 0;
    if (more > 0) return tooMuch("too many registrations, of all addresses together", more);
    if ((open.get(peer) ?? 0) < limits.open_requests) return undefined;
    return tooMuch(`more than ${limits.open_requests} requests of this address are open`, 1_000);
  };

  const count = (peer: string, request: NodeRequest, response: NodeResponse) => {
    open.set(peer, (open.get(peer) ?? 0) + 1);
    streamOf(request, response).once("close", () => {
      const left = (open.get(peer) ?? 1) - 1;
      if (left > 0) open.set(peer, left);
      else open.delete(peer);
    });
  };

  let held = 0;
  const hold = (
    request: NodeRequest,
    response: NodeResponse,
    refusal: Refusal,
    rpc: boolean,
  ) => {
    if (held >= MAX_HELD) return refuse(request, response, refusal, rpc);
    held++;
    const timer = setTimeout(() => {
      held--;
      if (!response.destroyed) refuse(request, response, refusal, rpc);
    }, HOLD_MS);
    timer.unref();
  };

  const admitted = async (
    request: NodeRequest,
    path: string,
    address: string,
  ): Promise<Principal | Refusal> => {
    const { method = "", headers } = request;
    const capability = capabilityOf(method, path);
    if (capability === undefined) return OPEN_PRINCIPAL;
    const authentication = await options.authenticate({
      authorization: headers.authorization,
      socket: request.socket as Socket | undefined,
    });
    if ("refused" in authentication) {
      return { code: Code.Unauthenticated, message: authentication.refused };
    }
    const { principal } = authentication;
    if (principal.via === "open" && isForeignPage(request, options.loopback)) {
      const message = "pages of other origins may not call a control plane that asks for no token";
      return { code: Code.PermissionDenied, message };
    }
    if (may(principal, capability)) return principal;
    if (isAudited(capability)) {
      const { actor, role } = principal;
      const action = isRpcPath(path) ? path.slice(1) : `${method} ${path}`;
      const entry = { at_ms: clock.now(), actor, role, action, subject: "", peer: address };
      audit.add({ ...entry, outcome: "denied" });
    }
    const message = `the role ${principal.role} may not ${capability}, which this call needs`;
    return { code: Code.PermissionDenied, message };
  };

  return (request, response) => {
    const path = request.url?.split("?", 1)[0] ?? "";
    const rpc = isRpcPath(path);
    const address = addressOf(request.socket);
    const peer = peerNetwork(address);
    if (isCut(request)) return;
    const beyond = beyondLimits(peer, path);
    endUnread(request);
    if (beyond !== undefined) {
      if (options.floods.refused(peer, connectionOf(request))) return cut(request);
      return hold(request, response, beyond, rpc);
    }
    count(peer, request, response);
    admitted(request, path, address).then((admission) => {
      if ("code" in admission) return refuse(request, response, admission, rpc);
      principals.set(request, admission);
      if (!REGISTRATIONS.has(path)) return handler(request, response);
      const taken = lane.enter(peer, (done) => {
        const stream = streamOf(request, response);
        if (stream.destroyed) return done();
        stream.once("close", done);
        handler(request, response);
      });
      if (!taken) hold(request, response, tooMuch("too many registrations wait", 1_000), rpc);
    }).catch((error: unknown) => {
      log.warn("a request could not be answered", { path, error });
      if (!response.headersSent) refuse(request, response, failure(error), rpc);
      else response.end();
    });
  };
}

/** What tells one connection from another: in Bun each HTTP/2 request has a socket of its own. */
function connectionOf(request: NodeRequest): object {
  return ("stream" in request ? request.stream.session : undefined) ?? request.socket ?? request;
}

/** A connection that was cut may have delivered more calls already. */
function isCut(request: NodeRequest): boolean {
  return "stream" in request && request.stream.session?.destroyed === true;
}

function cut(request: NodeRequest): void {
  if ("stream" in request) {
    request.stream.session?.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM);
  } else request.socket?.destroy();
}

/**
 * A call that is answered before its body was read (it is too large, say) would otherwise hold its
 * HTTP/2 stream until the client gives up sending: RFC 9113, section 8.1.
 */
function endUnread(request: NodeRequest): void {
  if (!("stream" in request)) return;
  let read = false;
  request.once("end", () => read = true);
  request.once("close", () => {
    if (read) return;
    const timer = setTimeout(
      () => request.stream.close(constants.NGHTTP2_NO_ERROR),
      ANSWER_TIME_MS,
    );
    timer.unref();
  });
}

function tooMuch(message: string, waitMs: number): Refusal {
  return { code: Code.ResourceExhausted, message, retry_after_s: Math.ceil(waitMs / 1_000) };
}

/** What authentication needs is away, or the request cannot even be read. */
function failure(error: unknown): Refusal {
  return error instanceof TypeError
    ? { code: Code.InvalidArgument, message: "the request cannot be read" }
    : { code: Code.Unavailable, message: messageOf(error), retry_after_s: 1 };
}
