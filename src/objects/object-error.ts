/** How a failed request becomes an error that a person can act on. */

import { FlowctlError } from "../spec/errors.ts";

const MAX_DETAIL_CHARS = 200;

/** What was asked of which object, for messages. */
export interface Request {
  readonly action: "read" | "look up" | "list" | "write" | "delete";
  /** Without credentials. */
  readonly url: string;
}

/** The provider's answer, as far as it is known. */
export interface Failure {
  readonly status?: number | undefined;
  /** One short line; never one that may hold a signature or a key. */
  readonly detail?: string | undefined;
  /** True when the bucket or container itself is missing. */
  readonly noBucket?: boolean;
  readonly hint?: string | undefined;
}

function describe(request: Request, what: string, detail: string | undefined): string {
  const line = (detail ?? "").replace(/\s+/g, " ").trim().slice(0, MAX_DETAIL_CHARS);
  return `cannot ${request.action} ${request.url}: ${what}${line === "" ? "" : ` (${line})`}`;
}

/** By HTTP status; without one the connection itself failed. */
export function objectError(request: Request, failure: Failure): FlowctlError {
  const { status, detail } = failure;
  const hint = (text: string) => ({ hint: failure.hint ?? text });
  if (failure.noBucket === true) {
    return new FlowctlError(
      "objects/rejected",
      describe(request, "there is no such bucket", detail),
      hint("Check the bucket's name, its region and the endpoint."),
    );
  }
  // A success whose body could not be understood was cut or garbled on the way.
  if (status === undefined || status < 300) {
    return new FlowctlError("objects/unreachable", describe(request, "no answer", detail), {
      ...hint("Check the network, and the endpoint if one is configured."),
      retryable: true,
    });
  }
  if (status === 404) {
    return new FlowctlError("objects/not-found", describe(request, "not there", detail));
  }
  if (status === 401 || status === 403) {
    return new FlowctlError(
      "objects/denied",
      describe(request, `access denied, HTTP ${status}`, detail),
      hint("Check the credentials and their permissions; a public bucket takes anonymous: true."),
    );
  }
  if (status === 408 || status === 429 || status >= 500) {
    return new FlowctlError(
      "objects/unreachable",
      describe(request, `the server is busy or failing, HTTP ${status}`, detail),
      { ...hint("It is retried; if it lasts, lower prefetch or try later."), retryable: true },
    );
  }
  return new FlowctlError(
    "objects/rejected",
    describe(request, `the server refused, HTTP ${status}`, detail),
    hint("Check the URL, the region and the endpoint."),
  );
}

/** The body ended early, or is longer than announced: what arrived is not the object. */
export function cutConnection(request: Request, got_bytes: number, expected_bytes: number) {
  return objectError(request, {
    detail: `the connection ended after ${got_bytes} of ${expected_bytes} bytes`,
  });
}

export function isNotFound(thrown: unknown): boolean {
  return thrown instanceof FlowctlError && thrown.code === "objects/not-found";
}

export function isRetryable(thrown: unknown): boolean {
  return thrown instanceof FlowctlError && thrown.retryable;
}
