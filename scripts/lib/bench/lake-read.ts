/**
 * Ledgers a second of the lake source alone, by how much it verifies.
 *
 *   bun scripts/lib/bench/lake-read.ts [LAKE] [SECONDS]
 *
 * LAKE is a folder or URL, by default the real ledgers beside the project. Its ledgers are read
 * again and again, so that the hash chain stays intact.
 */

import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { openStore } from "../../../src/objects/open-store.ts";
import { galexie } from "../../../src/sources/galexie/galexie.ts";
import { newestObject } from "../../../src/sources/galexie/lake-bounds.ts";
import { lakeContext } from "../../../tests/support/lake.ts";

const DEFAULT_LAKE = fileURLToPath(
  new URL("../../../../shared/ledgers/pubnet-lake", import.meta.url),
);
const DEFAULT_SECONDS = 2;

interface Reading {
  ledgers: number;
  bytes: number;
  ms: number;
}

async function readOnce(config: Record<string, unknown>, reading: Reading): Promise<void> {
  const source = await galexie.create(lakeContext(config, { env: process.env }));
  const bounds = await source.bounds();
  const start_ms = performance.now();
  for await (const batch of source.read({ ...bounds, wait: false })) {
    reading.ledgers += 1;
    reading.bytes += batch.bytes;
  }
  reading.ms += performance.now() - start_ms;
  await source.close();
}

async function measure(config: Record<string, unknown>, seconds: number): Promise<Reading> {
  await readOnce(config, { ledgers: 0, bytes: 0, ms: 0 });
  const reading = { ledgers: 0, bytes: 0, ms: 0 };
  while (reading.ms < seconds * 1000) await readOnce(config, reading);
  return reading;
}

const url = process.argv[2] ?? DEFAULT_LAKE;
const seconds = Number(process.argv[3] ?? DEFAULT_SECONDS);
const newest = await newestObject(openStore(url, { env: process.env }));
if (newest === undefined) throw new Error(`${url} holds no ledgers`);
for (const verify of ["none", "chain", "full"]) {
  const config = { url, verify, start_ledger: "earliest", end_ledger: newest.last };
  const { ledgers, bytes, ms } = await measure(config, seconds);
  const perSecond = (ledgers / ms * 1000).toFixed(0);
  const megabytes = (bytes / ms / 1000).toFixed(0);
  const each_ms = (ms / ledgers).toFixed(2);
  console.log(
    `verify ${verify}: ${perSecond} ledgers/s, ${each_ms} ms each, ${megabytes} MB/s of XDR`,
  );
}
console.log(`on ${cpus().length} cores`);
