/** 5,000 pipelines of four services are a normal size for REST. */

import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, test } from "node:test";
import type { Server } from "../src/control/server/start-server.ts";
import { register, startRestServer } from "./support/rest-server.ts";

const PIPELINES = 5_000;
const ANSWER_WITHIN_MS = 500;

let server: Server;
before(async () => {
  server = await startRestServer();
  for (let n = 0; n < PIPELINES; n++) {
    const metadata = {
      pipeline: `default/p${n}`,
      network: "mainnet",
      run_id: `run-${n}`,
      component_version: "1.2.3",
      storage_type: "s3",
      event_types: "stellar.ledger.v1",
    };
    const add = (id: string, role: "source" | "processor" | "sink" | "pipeline", names: string) =>
      register(server, {
        id: `p${n}${id}`,
        role,
        metadata,
        metrics: Object.fromEntries(names.split(" ").map((name, at) => [name, n + at])),
      });
    add(
      "/lake",
      "source",
      "ledgers_processed total_bytes last_sequence network_ledger error_count",
    );
    add("/transfers", "processor", "ledgers_consumed events_extracted events_filtered");
    add("/rows", "sink", "events_consumed events_written files_written output_latency_ms");
    add("", "pipeline", "cdp.ledgers_processed cdp.events_processed cdp.error_rate");
  }
});
after(() => server.close());

/** Bytes of the answer and how long it took. */
function timed(path: string): Promise<{ bytes: number; ms: number }> {
  const begin = performance.now();
  return new Promise((resolve, reject) => {
    const sent = request(server.url + path, (response) => {
      assert.equal(response.statusCode, 200);
      let bytes = 0;
      response.on("data", (chunk: Uint8Array) => void (bytes += chunk.length));
      response.on("end", () => resolve({ bytes, ms: performance.now() - begin }));
    });
    sent.on("error", reject);
    sent.end();
  });
}

for (
  const path of [
    "/api/services",
    "/api/services?limit=50000",
    "/api/services?pipeline=default/p4999",
    "/api/pipelines?limit=20000",
    "/api/pipelines/default/p4999",
    "/healthz",
  ]
) {
  test(`${path} answers within ${ANSWER_WITHIN_MS} ms with ${4 * PIPELINES} services`, async () => {
    await timed(path);
    const best = Math.min((await timed(path)).ms, (await timed(path)).ms);
    assert.ok(best < ANSWER_WITHIN_MS, `${best.toFixed(0)} ms`);
  });
}

test("all pages are all services, and a page is of bounded size", async () => {
  assert.ok((await timed("/api/services")).bytes < 2_000_000);
  const response = await fetch(`${server.url}/api/services?limit=50000`);
  const { services, total } = await response.json() as { services: unknown[]; total: number };
  assert.deepEqual([services.length, total], [4 * PIPELINES, 4 * PIPELINES]);
});

test("while everything is scraped, others are answered", async () => {
  const scrape = timed("/metrics");
  let scraping = true;
  scrape.finally(() => {
    scraping = false;
  });
  const waits: number[] = [];
  while (scraping) waits.push((await timed("/api/services/p1/lake")).ms);
  assert.ok((await scrape).bytes > 10_000_000);
  const median = waits.toSorted((a, b) => a - b)[Math.floor(waits.length / 2)] ?? Infinity;
  assert.ok(waits.length > 10 && median < 100, `${waits.length} answers, median ${median} ms`);
});
