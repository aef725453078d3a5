/** Answers node's requests, of both HTTP versions, by a fetch handler. */

import { once } from "node:events";
import type { Handler } from "../server/listener.ts";
import { errorBody } from "./errors.ts";

/** Bytes of a request's body. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** A client that takes nothing more for this long is gone, or as good as that. */
export const TAKE_TIMEOUT_MS = 30_000;

type NodeRequest = Parameters<Handler>[0];
type NodeResponse = Parameters<Handler>[1];
type Fetch = (request: Request) => Response | Promise<Response>;

/** `shutdown` ends answers that go on. */
export function nodeHandler(
  fetch: Fetch,
  shutdown?: AbortSignal,
  take_timeout_ms: number = TAKE_TIMEOUT_MS,
): Handler {
  return (request, response) => {
    answer(fetch, request, response, { shutdown, take_timeout_ms }).catch(() => {
      if (response.headersSent) return void response.destroy();
      refuse(response, 500, "the control plane failed on this request");
    });
  };
}

interface AnswerOptions {
  readonly shutdown: AbortSignal | undefined;
  readonly take_timeout_ms: number;
}

async function answer(
  fetch: Fetch,
  request: NodeRequest,
  response: NodeResponse,
  { shutdown, take_timeout_ms }: AnswerOptions,
): Promise<void> {
  const gone = new AbortController();
  const over = () => gone.abort();
  shutdown?.addEventListener("abort", over);
  response.once("close", () => {
    shutdown?.removeEventListener("abort", over);
    over();
  });
  const method = request.method ?? "GET";
  const hasBody = method !== "GET" && method !== "HEAD";
  const body = hasBody ? await readBody(request) : undefined;
  if (body === "too large") {
    // The rest of the body is not read: the connection cannot be used again.
    if (request.httpVersionMajor === 1) response.setHeader("connection", "close");
    return refuse(response, 413, `the body is larger than ${MAX_BODY_BYTES} bytes`);
  }
  let asked: Request;
  try {
    asked = new Request(new URL(request.url ?? "/", "http://localhost"), {
      method,
      headers: headersOf(request),
      signal: gone.signal,
      ...(body === undefined ? {} : { body }),
    });
  } catch {
    return refuse(response, 400, "the request line or a header cannot be understood");
  }
  const made = await fetch(asked);
  response.writeHead(made.status, Object.fromEntries(made.headers));
  if (made.body === null || method === "HEAD") {
    await made.body?.cancel();
    response.end();
    return;
  }
  await send(made.body, response, gone.signal, take_timeout_ms);
}

/** Passes the body on no faster than the client takes it. */
async function send(
  body: ReadableStream<Uint8Array>,
  response: NodeResponse,
  gone: AbortSignal,
  take_timeout_ms: number,
): Promise<void> {
  const reader = body.getReader();
  const stop = () => void reader.cancel().catch(() => {});
  gone.addEventListener("abort", stop, { once: true });
  while (!gone.aborted) {
    const { done, value } = await reader.read();
    if (done) break;
    if (!response.write(value) && !gone.aborted) {
      if (await drained(response, gone, take_timeout_ms)) continue;
      stop();
      break;
    }
  }
  gone.removeEventListener("abort", stop);
  response.end();
}

/** False: the client has gone, or was given up. */
async function drained(
  response: NodeResponse,
  gone: AbortSignal,
  timeout_ms: number,
): Promise<boolean> {
  const given_up = AbortSignal.timeout(timeout_ms);
  const signal = AbortSignal.any([gone, given_up]);
  try {
    await once(response, "drain", { signal });
    return true;
  } catch {
    response.destroy();
    return false;
  }
}

function refuse(response: NodeResponse, status: number, message: string): void {
  response.writeHead(status, { "content-type": "application/json" });
  const code = status < 500 ? "control/invalid-request" : "flow/internal";
  response.end(JSON.stringify(errorBody(code, message)));
}

function headersOf(request: NodeRequest): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (name.startsWith(":") || value === undefined) continue;
    for (const one of [value].flat()) headers.append(name, one);
  }
  return headers;
}

function readBody(request: NodeRequest): Promise<Uint8Array<ArrayBuffer> | "too large"> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    const take = (chunk: Uint8Array) => {
      size += chunk.length;
      if (size <= MAX_BODY_BYTES) return void chunks.push(chunk);
      request.off("data", take);
      request.pause();
      resolve("too large");
    };
    request.on("data", take);
    request.once("end", () => resolve(new Uint8Array(Buffer.concat(chunks))));
    request.once("error", reject);
    request.once("close", () => reject(new Error("the client left")));
  });
}
