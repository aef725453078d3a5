/** One HTTP request by `fetch`, with time limits and errors of ours; for web servers and gs://. */

import { FlowctlError, messageOf } from "../spec/errors.ts";
import { readBody } from "./body.ts";
import { withDeadline } from "./deadline.ts";
import { objectError, type Request } from "./object-error.ts";

export interface HttpRequest extends Request {
  readonly address: string;
  readonly method: "GET" | "HEAD" | "POST" | "DELETE";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
  readonly timeout_ms: number;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  readonly headers: Headers;
  readonly body: Uint8Array;
}

function announcedLength(request: HttpRequest, headers: Headers): number | undefined {
  const length = headers.get("content-length");
  // A body that fetch has decompressed no longer has the length that was announced.
  if (request.method === "HEAD" || length === null || headers.has("content-encoding")) {
    return undefined;
  }
  return Number(length);
}

/** The answer of a 2xx status; everything else is an error. */
export async function httpRequest(request: HttpRequest): Promise<HttpAnswer> {
  const explain = (thrown: unknown) =>
    thrown instanceof FlowctlError ? thrown : objectError(request, { detail: messageOf(thrown) });
  return await withDeadline(
    request,
    { timeout_ms: request.timeout_ms, signal: request.signal, explain },
    async (deadline) => {
      const response = await fetch(request.address, {
        method: request.method,
        headers: { "accept-encoding": "identity", ...request.headers },
        signal: deadline.signal,
        ...(request.body === undefined ? {} : { body: request.body }),
      });
      deadline.progress();
      if (!response.ok) {
        await response.body?.cancel();
        throw objectError(request, { status: response.status });
      }
      const length = announcedLength(request, response.headers);
      const stream = response.body ?? new ReadableStream({ start: (c) => c.close() });
      return {
        headers: response.headers,
        body: await readBody(request, stream, length, deadline),
      };
    },
  );
}
