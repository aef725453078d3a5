/** One Stellar RPC server: JSON-RPC 2.0 over HTTP POST, with limits on time and size. */

import * as v from "valibot";
import { FlowctlError, messageOf } from "../../spec/errors.ts";

export interface EndpointOptions {
  readonly url: string;
  /** Headers to send beside our own; they may hold credentials. */
  readonly headers: Readonly<Record<string, string>>;
  /** A request without progress for this long has failed. */
  readonly timeout_ms: number;
  readonly max_response_bytes: number;
}

export interface Endpoint {
  /** The server as messages name it: without path and query, where providers put keys. */
  readonly name: string;
  /**
   * The result of a call. Throws `source/unreachable` (retryable: 429, 5xx, a lost connection, a
   * timeout), `source/rejected`, an `RpcError` for an error that the server answered, or a
   * `ResponseTooLarge`.
   */
  call<T>(
    method: string,
    params: Readonly<Record<string, unknown>> | undefined,
    schema: v.GenericSchema<unknown, T>,
    signal: AbortSignal,
  ): Promise<T>;
}

const MAX_TEXT_CHARACTERS = 500;

/** An error object in a JSON-RPC answer. */
export class RpcError extends FlowctlError {
  readonly rpcCode: number;

  constructor(name: string, method: string, rpcCode: number, text: string) {
    const said = text.slice(0, MAX_TEXT_CHARACTERS).replace(/\s+/g, " ");
    super("source/rejected", `${name} refused ${method}: ${said} (${rpcCode})`, {
      hint: rpcCode === METHOD_NOT_FOUND
        ? "The server is too old for getLedgers, or is no Stellar RPC server."
        : "See what the server says; another server may do it.",
      retryable: rpcCode === INTERNAL_ERROR,
    });
    this.rpcCode = rpcCode;
  }
}

export class ResponseTooLarge extends FlowctlError {
  constructor(name: string, method: string, limit_bytes: number) {
    super("source/rejected", `${name}: the answer to ${method} is above ${limit_bytes} bytes`, {
      hint: "Lower batch_size, or raise max_response.",
    });
  }
}

/** The server asks for a pause before the next try. */
export class Throttled extends FlowctlError {
  readonly retryAfter_ms: number;

  constructor(name: string, status: number, retryAfter_ms: number) {
    super("source/unreachable", `${name} answered ${status} and asks for a pause`, {
      hint: "The server limits its clients; lower the rate, or use another one.",
      retryable: true,
    });
    this.retryAfter_ms = retryAfter_ms;
  }
}

const METHOD_NOT_FOUND = -32601;
const INTERNAL_ERROR = -32603;

const Answer = v.union([
  v.object({ error: v.object({ code: v.number(), message: v.string() }) }),
  v.object({ result: v.unknown() }),
]);

export function createEndpoint(options: EndpointOptions): Endpoint {
  const { url, name, headers } = addressOf(options);
  let id = 0;

  async function post(body: string, method: string, signal: AbortSignal): Promise<string> {
    const idle = new IdleTimer(options.timeout_ms);
    try {
      const response = await fetch(url, {
        method: "POST",
        headers,
        body,
        signal: AbortSignal.any([signal, idle.signal]),
      });
      idle.progress();
      if (!response.ok) {
        await response.body?.cancel();
        throw statusError(name, response);
      }
      return await readText(response, options.max_response_bytes, idle)
        .catch((error) => {
          throw error === TOO_LARGE
            ? new ResponseTooLarge(name, method, options.max_response_bytes)
            : error;
        });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof FlowctlError) throw error;
      throw unreachable(name, idle.signal.aborted ? "no answer in time" : causeOf(error), error);
    } finally {
      idle.stop();
    }
  }

  return {
    name,
    async call(method, params, schema, signal) {
      const request = { jsonrpc: "2.0", id: ++id, method, ...(params && { params }) };
      const text = await post(JSON.stringify(request), method, signal);
      const answer = parse(text, Answer, name, method);
      if ("error" in answer) {
        throw new RpcError(name, method, answer.error.code, answer.error.message);
      }
      const result = v.safeParse(schema, answer.result);
      if (result.success) return result.output;
      throw malformed(name, method, v.summarize(result.issues));
    },
  };
}

function addressOf({ url, headers }: EndpointOptions) {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    parsed = new URL("invalid:");
  }
  if (!/^https?:$/.test(parsed.protocol)) {
    throw new FlowctlError("spec/invalid", "url is not a http:// or https:// URL", {
      hint: "Give the address of a Stellar RPC server.",
    });
  }
  const { origin, username, password } = parsed;
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  parsed.username = "";
  parsed.password = "";
  return {
    url: parsed.href,
    name: origin,
    headers: merged(
      { "content-type": "application/json", "user-agent": "flowctl" },
      login === ":" ? {} : { authorization: `Basic ${btoa(login)}` },
      headers,
    ),
  };
}

/** The later ones win, in whichever case their names are written. */
function merged(...all: readonly Readonly<Record<string, string>>[]): Headers {
  const headers = new Headers();
  for (const some of all) {
    for (const [name, value] of Object.entries(some)) setHeader(headers, name, value);
  }
  return headers;
}

/** The runtime's own error shows the value, which may be a key. */
function setHeader(headers: Headers, name: string, value: string): void {
  try {
    headers.set(name, value);
  } catch {
    throw new FlowctlError("spec/invalid", `the header ${name} cannot be sent as it is`, {
      hint: "A header's value is one line of ASCII text; look for a line break at its end.",
    });
  }
}

const DEFAULT_PAUSE_MS = 1000;
/** No server may hold us up for longer by one answer. */
export const MAX_RETRY_AFTER_MS = 60_000;

function statusError(name: string, response: Response): FlowctlError {
  const { status } = response;
  const asked = response.headers.get("retry-after");
  if (status === 429 || status === 503 && asked !== null) {
    return new Throttled(name, status, retryAfter(asked));
  }
  if (status >= 500 || status === 408) return unreachable(name, `it answered ${status}`);
  const denied = status === 401 || status === 403;
  return new FlowctlError("source/rejected", `${name} answered ${status}`, {
    hint: denied
      ? "Check auth_header, headers and the key in the URL."
      : "Check the URL: it must be the address of a Stellar RPC server.",
  });
}

/** Seconds, or a date (RFC 9110, section 10.2.3). */
function retryAfter(value: string | null): number {
  if (value === null) return DEFAULT_PAUSE_MS;
  const seconds = Number(value);
  const wait_ms = Number.isNaN(seconds) ? Date.parse(value) - Date.now() : seconds * 1000;
  if (Number.isNaN(wait_ms)) return DEFAULT_PAUSE_MS;
  return Math.min(Math.max(wait_ms, 0), MAX_RETRY_AFTER_MS);
}

const TOO_LARGE = Symbol("answer too large");

async function readText(response: Response, limit: number, idle: IdleTimer): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    idle.progress();
    size += chunk.byteLength;
    if (size > limit) throw TOO_LARGE;
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks, size));
}

function parse<T>(
  text: string,
  schema: v.GenericSchema<unknown, T>,
  name: string,
  method: string,
): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw malformed(name, method, `it is no JSON: ${JSON.stringify(text.slice(0, 60))}`);
  }
  const parsed = v.safeParse(schema, json);
  if (parsed.success) return parsed.output;
  throw malformed(name, method, "it is no JSON-RPC answer");
}

/** A proxy that shows a page instead of the answer does so for a while only. */
function malformed(name: string, method: string, why: string): FlowctlError {
  const what = `${name}: the answer to ${method} cannot be read: ${why.replace(/\s*\n\s*/g, " ")}`;
  return new FlowctlError("source/rejected", what, {
    hint: "Check that the URL is that of a Stellar RPC server.",
    retryable: true,
  });
}

function unreachable(name: string, why: string, cause?: unknown): FlowctlError {
  return new FlowctlError("source/unreachable", `${name} cannot be reached: ${why}`, {
    hint: "Check the URL and the network, or name a second server.",
    retryable: true,
    cause,
  });
}

/** `fetch` says what went wrong only in the cause of its error. */
function causeOf(error: unknown): string {
  return messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error);
}

/** Fires when nothing has moved for so long. */
class IdleTimer {
  readonly #controller = new AbortController();
  readonly #timeout_ms: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(timeout_ms: number) {
    this.#timeout_ms = timeout_ms;
    this.progress();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  progress(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#controller.abort(), this.#timeout_ms);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
