/**
 * What flowctl is compared with: every object of a lake, read, decompressed and decoded whole by
 * the Stellar SDK, as long as the time given allows.
 *
 *     bun scripts/lib/bench/sdk-decode.ts LAKE SECONDS
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { zstdDecompressSync } from "node:zlib";
import { xdr } from "@stellar/stellar-sdk";

const [lake = "", seconds = "5"] = process.argv.slice(2);
const names = readdirSync(lake, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".xdr.zst")).sort().reverse();
const started = performance.now();
const deadline = started + Number(seconds) * 1000;
let ledgers = 0;
for (const name of names) {
  const bytes = zstdDecompressSync(readFileSync(join(lake, name)));
  ledgers += xdr.LedgerCloseMetaBatch.fromXdr(bytes).ledgerCloseMetas.length;
  if (performance.now() > deadline) break;
}
const { user, system } = process.cpuUsage();
const cpu_ms = (user + system) / 1000;
console.log(JSON.stringify({ ledgers, elapsed_ms: performance.now() - started, cpu_ms }));
