/** The lake source against a plain web server, which can list nothing. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { rmSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { openStore } from "../src/objects/open-store.ts";
import { objectKey } from "../src/sources/galexie/lake-layout.ts";
import { type ErrorCode, FlowctlError } from "../src/spec/errors.ts";
import { type Fault, startFaultProxy } from "./support/fault-proxy.ts";
import { metasOf, readLake, sameLedgers, syntheticLedgers, writeLake } from "./support/lake.ts";
import { temporaryFolder } from "./support/temporary.ts";

const FIRST = 64;
const LAST = 95;
const LAYOUT = { ledgersPerBatch: 4, batchesPerPartition: 64_000 };
const ledgers = syntheticLedgers(FIRST, LAST - FIRST + 1);

async function serveFolder(folder: string): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname);
    const file = join(folder, path.replace(/^\/lake/, ""));
    readFile(file).then((bytes) => {
      response.writeHead(200, { "content-length": bytes.byteLength });
      response.end(request.method === "HEAD" ? undefined : bytes);
    }, () => {
      response.writeHead(404, { "content-length": 0 });
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function withLake(use: (port: number, folder: string) => Promise<void>): Promise<void> {
  using folder = temporaryFolder();
  await writeLake(openStore(folder.path), ledgers, LAYOUT);
  await using server = await serveFolder(folder.path);
  await use(server.port, folder.path);
}

function config(port: number, more: Record<string, unknown> = {}): Record<string, unknown> {
  const url = `http://user:pass@127.0.0.1:${port}/lake/?signature=hidden`;
  return { url, start_ledger: FIRST, end_ledger: LAST, timeout: 500, ...more };
}

function fails(code: ErrorCode, pattern: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof FlowctlError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, pattern);
    assert.doesNotMatch(`${error.message} ${error.hint}`, /user:pass|hidden/);
    return true;
  };
}

test("a lake on a web server is read as it was written", async () => {
  await withLake(async (port) => {
    assert.ok(sameLedgers(metasOf(await readLake(config(port))), ledgers));
  });
});

test("a missing object is told from the head without a listing", async () => {
  await withLake(async (port, folder) => {
    const beyond = readLake(config(port, { end_ledger: 200 }));
    await assert.rejects(beyond, fails("source/head-reached", /ledger 96 .*127\.0\.0\.1/));
    rmSync(join(folder, objectKey(LAYOUT, 80, ".xdr.zst")));
    for (const prefetch of [1, 8]) {
      const gap = readLake(config(port, { prefetch }));
      await assert.rejects(gap, fails("lake/missing-ledger", /ledger 80 is missing/));
    }
  });
});

test("what needs a listing is refused with what to do", async () => {
  await withLake(async (port) => {
    const latest = readLake(config(port, { start_ledger: "latest" }));
    await assert.rejects(latest, fails("objects/rejected", /cannot be listed/));
    const told = await readLake(config(port, { start_ledger: "latest" }), { from: 90 });
    assert.equal(told.length, LAST - 90 + 1);
  });
});

test("a bad network delays the ledgers and does not change them", async () => {
  const faults: readonly Fault[] = [
    { kind: "status", status: 503 },
    { kind: "cut", share: 0.5 },
    { kind: "length", by: 10 },
    { kind: "length", by: -10 },
    { kind: "stall" },
    { kind: "drip", pieces: 4, ms: 20 },
    { kind: "flip", share: 0.5 },
  ];
  await withLake(async (port) => {
    await using proxy = await startFaultProxy(
      port,
      ({ index }) => index % 2 === 1 ? faults[(index >> 1) % faults.length] : undefined,
    );
    const patient = { retry_policy: { max_retries: 8, initial_delay_ms: 5, max_delay_ms: 20 } };
    assert.ok(sameLedgers(metasOf(await readLake(config(proxy.port), {}, patient)), ledgers));
  });
});

test("a manifest that is cut on the way is read again", async () => {
  await withLake(async (port) => {
    await using proxy = await startFaultProxy(
      port,
      ({ index }) => index < 2 ? { kind: "length", by: -10 - 20 * index } : undefined,
    );
    assert.ok(sameLedgers(metasOf(await readLake(config(proxy.port))), ledgers));
  });
});

test("a server that is not there is unreachable, after the retries", async () => {
  await assert.rejects(
    readLake(config(1)),
    fails("objects/unreachable", /cannot read http:\/\/127\.0\.0\.1:1\/lake\/\.config\.json/),
  );
});
