import assert from "node:assert/strict";
import test from "node:test";
import { FlowctlError } from "../spec/errors.ts";
import { assertSize, readBody } from "./body.ts";
import type { Deadline } from "./deadline.ts";
import type { Request } from "./object-error.ts";
import { MAX_OBJECT_BYTES } from "./object-store.ts";

const request: Request = { action: "read", url: "s3://bucket/key" };

function deadline(): Deadline & { readonly steps: number } {
  let steps = 0;
  return {
    signal: new AbortController().signal,
    progress: () => steps++,
    get steps() {
      return steps;
    },
  };
}

async function* chunks(...sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (const [index, size] of sizes.entries()) yield new Uint8Array(size).fill(index + 1);
}

test("a body is put together from its chunks, each of which is progress", async () => {
  const watched = deadline();
  const bytes = await readBody(request, chunks(2, 0, 3), 5, watched);
  assert.deepEqual(bytes, new Uint8Array([1, 1, 3, 3, 3]));
  assert.equal(watched.steps, 3);
  assert.equal((await readBody(request, chunks(), 0, deadline())).byteLength, 0);
  assert.equal((await readBody(request, chunks(7), undefined, deadline())).byteLength, 7);
});

test("a body of another length than announced was cut, and may be asked for again", async () => {
  for (const expected of [0, 4, 6, 100]) {
    await assert.rejects(
      readBody(request, chunks(2, 3), expected, deadline()),
      (error: unknown) =>
        error instanceof FlowctlError && error.retryable && error.code === "objects/unreachable" &&
        error.message.includes(`5 of ${expected} bytes`),
    );
  }
});

test("what does not fit into memory is refused when it is announced", async () => {
  assertSize(request, MAX_OBJECT_BYTES);
  await assert.rejects(
    readBody(request, chunks(1), MAX_OBJECT_BYTES + 1, deadline()),
    (error: unknown) => error instanceof FlowctlError && error.code === "objects/rejected",
  );
});
