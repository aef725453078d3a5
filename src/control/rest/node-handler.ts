/** Answers node's requests, of both HTTP versions, by a fetch handler. */

import { Readable } from "node:stream";
import type { Handler } from "../server/listener.ts";

/** Bytes of a request's body. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;

type NodeRequest = Parameters<Handler>[0];
type NodeResponse = Parameters<Handler>[1];
type Fetch = (request: Request) => Response | Promise<Response>;

export function nodeHandler(fetch: Fetch): Handler {
  return (request, response) => {
    answer(fetch, request, response).catch(() => {
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  };
}

async function answer(fetch: Fetch, request: NodeRequest, response: NodeResponse): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const hasBody = request.method !== "GET" && request.method !== "HEAD";
  const body = hasBody ? await readBody(request) : undefined;
  if (hasBody && body === undefined) {
    response.writeHead(413, { "content-type": "application/json" });
    response.end(
      JSON.stringify({ error: { code: "cli/usage", message: "the body is too large" } }),
    );
    return;
  }
  const made = await fetch(
    new Request(new URL(request.url ?? "/", "http://localhost"), {
      method: request.method ?? "GET",
      headers: headersOf(request),
      signal: gone.signal,
      ...(body === undefined ? {} : { body }),
    }),
  );
  response.writeHead(made.status, Object.fromEntries(made.headers));
  if (made.body === null) {
    response.end();
    return;
  }
  for await (const chunk of Readable.fromWeb(made.body as Parameters<typeof Readable.fromWeb>[0])) {
    if (gone.signal.aborted) return;
    response.write(chunk as Uint8Array);
  }
  response.end();
}

function headersOf(request: NodeRequest): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (name.startsWith(":") || value === undefined) continue;
    for (const one of [value].flat()) headers.append(name, one);
  }
  return headers;
}

/** Undefined: it is larger than the limit. */
async function readBody(request: NodeRequest): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}
