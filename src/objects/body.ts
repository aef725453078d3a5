import { FlowctlError } from "../spec/errors.ts";
import type { Deadline } from "./deadline.ts";
import { cutConnection, type Request } from "./object-error.ts";
import { MAX_OBJECT_BYTES } from "./object-store.ts";

/** A whole body in memory; `expected_bytes` is what the server announced, if it did. */
export async function readBody(
  request: Request,
  body: AsyncIterable<Uint8Array>,
  expected_bytes: number | undefined,
  deadline: Deadline,
): Promise<Uint8Array> {
  if (expected_bytes !== undefined) assertSize(request, expected_bytes);
  const chunks: Uint8Array[] = [];
  let got_bytes = 0;
  for await (const chunk of body) {
    deadline.signal.throwIfAborted();
    deadline.progress();
    got_bytes += chunk.byteLength;
    assertSize(request, got_bytes);
    chunks.push(chunk);
  }
  if (expected_bytes !== undefined && got_bytes !== expected_bytes) {
    throw cutConnection(request, got_bytes, expected_bytes);
  }
  return concat(chunks, got_bytes);
}

export function assertSize(request: Request, size_bytes: number): void {
  if (size_bytes <= MAX_OBJECT_BYTES) return;
  throw new FlowctlError(
    "objects/rejected",
    `cannot ${request.action} ${request.url}: it is larger than ${MAX_OBJECT_BYTES} bytes`,
    { hint: "flowctl holds an object in memory whole; write smaller ones." },
  );
}

function concat(chunks: readonly Uint8Array[], size_bytes: number): Uint8Array {
  const [first] = chunks;
  if (chunks.length === 1 && first !== undefined) return first;
  const whole = new Uint8Array(size_bytes);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}
