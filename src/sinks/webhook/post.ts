/** One POST, and what its answer means. */

import { FlowctlError, messageOf } from "../../spec/errors.ts";
import type { PostRequest } from "./requests.ts";

/** A receiver that asks for a longer pause gets one of this length. */
export const MAX_RETRY_AFTER_MS = 5 * 60 * 1000;

const SHOWN_CHARS = 200;

export interface PostOptions {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeout_ms: number;
  readonly signal: AbortSignal;
}

/** A failed POST, with the pause that the receiver asked for. */
export interface PostFailure {
  readonly error: FlowctlError;
  readonly retryAfter_ms: number;
}

/**
 * Undefined when the receiver took it (2xx). Retryable: no answer, 408, 425, 429, 5xx. Everything
 * else is `sink/rejected`, redirects too: following one would turn the POST into a GET.
 */
export async function post(
  options: PostOptions,
  request: PostRequest,
): Promise<PostFailure | undefined> {
  const { url, headers, timeout_ms, signal } = options;
  const timeout = AbortSignal.timeout(timeout_ms);
  let response: Response;
  try {
    response = await fetch(url, {
      method: "POST",
      redirect: "manual",
      headers: { ...headers, "idempotency-key": request.idempotencyKey },
      body: request.body,
      signal: AbortSignal.any([signal, timeout]),
    });
  } catch (error) {
    const why = timeout.aborted ? `no answer after ${timeout_ms} ms` : reasonOf(error);
    return { error: unreachable(url, why, error), retryAfter_ms: 0 };
  }
  if (response.ok) {
    await response.body?.cancel();
    return undefined;
  }
  const answer = await startOf(response);
  return { error: refusal(url, response, answer), retryAfter_ms: retryAfter(response) };
}

function refusal(url: URL, response: Response, answer: string): FlowctlError {
  const { status } = response;
  const what = `${placeOf(url)} answered ${status}${answer === "" ? "" : `: ${answer}`}`;
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    return new FlowctlError("sink/unreachable", what, { retryable: true });
  }
  if (status >= 300 && status < 400) {
    return new FlowctlError("sink/rejected", `${what} (a redirect)`, {
      hint: "Give the URL that it leads to.",
    });
  }
  const credentials = status === 401 || status === 403;
  return new FlowctlError("sink/rejected", what, {
    hint: credentials ? "Check auth_header and headers." : "Check what the receiver expects.",
  });
}

function unreachable(url: URL, why: string, cause: unknown): FlowctlError {
  return new FlowctlError("sink/unreachable", `${placeOf(url)} cannot be reached: ${why}`, {
    hint: "Check that the receiver runs and that this machine may connect to it.",
    retryable: true,
    cause,
  });
}

/** What may be shown of a URL: path and query of a webhook are often its secret. */
export function placeOf(url: URL): string {
  return `${url.protocol}//${url.host}`;
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return messageOf(cause).replaceAll(/https?:\/\/\S+/g, "the URL");
}

async function startOf(response: Response): Promise<string> {
  try {
    const text = await response.text();
    return text.replace(/[\s\p{Cc}]+/gu, " ").trim().slice(0, SHOWN_CHARS);
  } catch {
    return "";
  }
}

/** Milliseconds; RFC 9110 10.2.3: seconds, or a date. */
function retryAfter(response: Response): number {
  const value = response.headers.get("retry-after");
  if (value === null) return 0;
  const pause_ms = /^\d+$/.test(value.trim())
    ? Number(value) * 1000
    : new Date(value).getTime() - Date.now();
  return Number.isNaN(pause_ms) ? 0 : Math.min(Math.max(pause_ms, 0), MAX_RETRY_AFTER_MS);
}
