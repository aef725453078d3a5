/**
 * The lakes that the benchmark reads: real ledgers where they are at hand, and generated ones. Made
 * once and kept in the system's folder for temporary files (or FLOWCTL_BENCH_LAKES).
 */

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statfsSync } from "node:fs";
import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parse } from "valibot";
import { configSchema } from "../../../src/gen/config/sandbox.ts";
import { openStore } from "../../../src/objects/open-store.ts";
import { createLakeWriter } from "../../../src/sources/galexie/lake-writer.ts";
import { writeLake } from "../../../src/sources/sandbox/write-lake.ts";
import { pubnetLake } from "../../../tests/support/ledgers.ts";
import { renumber } from "../../../tests/support/renumber.ts";

export interface BenchLake {
  readonly title: string;
  readonly path: string;
  readonly network: string;
  readonly first: number;
  readonly last: number;
  readonly ledgers: number;
  /** XDR, before compression. */
  readonly bytes: number;
}

/** A mainnet ledger of 2026 has about 400 transactions in 1.06 MB. */
const MAINNET_transactions = 400;
/** What the network's roadmap expects of a ledger. */
const DENSE_transactions = 6_000;

/** Of a ledger in a lake, compressed, with room to spare. */
const REAL_bytes = 400_000;
const PER_TRANSACTION_bytes = 600;
const SPARE_bytes = 1_000_000_000;

const FIRST_REAL_LEDGER = 63_092_982;

/** Real ledgers over and over, each time at the next place in the chain, so that all hashes hold. */
export function realLake(ledgers: number): Promise<BenchLake> {
  return kept(`real-${ledgers}`, ledgers * REAL_bytes, async (path) => {
    const originals = pubnetLake();
    const [begin] = originals;
    if (begin === undefined) throw new Error("there are no real ledgers");
    const first = FIRST_REAL_LEDGER;
    const writer = await createLakeWriter(openStore(path), { network: begin.passphrase });
    let previous: Uint8Array | undefined;
    let bytes = 0;
    for (let index = 0; index < ledgers; index++) {
      const original = originals[index % originals.length] ?? begin;
      const renumbered = renumber(original.bytes, first + index, previous);
      previous = renumbered.hash;
      bytes += renumbered.bytes.byteLength;
      await writer.write(renumbered.bytes);
    }
    const title = `mainnet ledgers 63092982 to 63092991 repeated to ${ledgers}`;
    return { title, network: begin.passphrase, first, last: first + ledgers - 1, ledgers, bytes };
  });
}

/** Ledgers of the sandbox as full as mainnet's: the same on any machine. */
export function generatedLake(ledgers: number): Promise<BenchLake> {
  return sandboxLake(ledgers, MAINNET_transactions);
}

/** Ledgers of the sandbox with 6,000 transactions each, about 14 MB of XDR. */
export function denseLake(ledgers: number): Promise<BenchLake> {
  return sandboxLake(ledgers, DENSE_transactions);
}

function sandboxLake(ledgers: number, transactions: number): Promise<BenchLake> {
  const space_bytes = ledgers * transactions * PER_TRANSACTION_bytes;
  return kept(
    `generated-${ledgers}-${transactions}-${sandboxHash()}`,
    space_bytes,
    async (path) => {
      const config = parse(configSchema, { transactions_per_ledger: transactions });
      const request = { config, ledgers, ledgersPerBatch: 1, batchesPerPartition: 64_000 };
      const { first, last, bytes } = await writeLake(openStore(path), request);
      const title = `${ledgers} generated ledgers of ${transactions} transactions`;
      return { title, network: config.network_passphrase, first, last, ledgers, bytes };
    },
  );
}

const DESCRIPTION = "bench-lake.json";

/** Makes a lake unless an earlier run has left it, whole: its description is written last. */
async function kept(
  name: string,
  space_bytes: number,
  make: (path: string) => Promise<Omit<BenchLake, "path">>,
): Promise<BenchLake> {
  const folder = process.env["FLOWCTL_BENCH_LAKES"] ?? join(tmpdir(), "flowctl-bench-lakes");
  const path = join(folder, name);
  const description = join(path, DESCRIPTION);
  if (existsSync(description)) return { ...JSON.parse(readFileSync(description, "utf8")), path };
  mkdirSync(folder, { recursive: true });
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < space_bytes + SPARE_bytes) {
    throw new Error(`${folder} has not the ${Math.ceil(space_bytes / 1e6)} MB that ${name} takes`);
  }
  console.error(`  making ${name} in ${folder} …`);
  const unfinished = `${path}.${process.pid}`;
  rmSync(unfinished, { recursive: true, force: true });
  try {
    const lake = await make(unfinished);
    writeFileSync(join(unfinished, DESCRIPTION), JSON.stringify(lake));
    if (!existsSync(path)) renameSync(unfinished, path);
    return { ...lake, path };
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** Another sandbox makes other ledgers. */
function sandboxHash(): string {
  const folder = fileURLToPath(new URL("../../../src/sources/sandbox", import.meta.url));
  const hash = createHash("sha256");
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
    if (name.endsWith(".ts") && !name.endsWith(".test.ts")) {
      hash.update(name).update(readFileSync(join(folder, name)));
    }
  }
  return hash.digest("hex").slice(0, 12);
}
