/** The dense stream of captive core through every processor, whole and damaged. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Batch } from "../src/flow/batch.ts";
import { captiveCore as captiveCoreSource } from "../src/sources/captive-core/captive-core.ts";
import { FlowctlError } from "../src/spec/errors.ts";
import { ledgerProcessors } from "./support/ledger-processors.ts";
import { captiveCore } from "./support/ledgers.ts";
import { sharedPath, skip, why } from "./support/shared.ts";
import { testContext } from "./support/sink-context.ts";
import { temporaryFolder } from "./support/temporary.ts";
import { seeded } from "./support/xdr-schema.ts";

const MUTANTS = 24;
/** Of the stream, for a mutant: damage is found in the first ledgers or not at all. */
const LEDGERS_OF_MUTANT = 2;

async function* batchesOf(path: string): AsyncIterable<Batch> {
  const config = { path, network_passphrase: "load test network" };
  const source = await captiveCoreSource.create(testContext(captiveCoreSource, config));
  try {
    yield* source.read({ ...await source.bounds(), wait: false });
  } finally {
    await source.close();
  }
}

/** Rows of each processor; what is refused, by its code. */
async function readAll(path: string): Promise<ReadonlyMap<string, number | string>> {
  const processors = await ledgerProcessors();
  const seen = new Map<string, number | string>(processors.map(({ name }) => [name, 0]));
  for await (const batch of batchesOf(path)) {
    for (const { name, processor } of processors) {
      const before = seen.get(name);
      if (typeof before !== "number") continue;
      try {
        const { groups } = await processor.process(batch);
        seen.set(name, groups.reduce((sum, { rows }) => sum + rows.length, before));
      } catch (error) {
        if (!(error instanceof FlowctlError)) throw error;
        assert.match(error.message, new RegExp(`\\b${batch.sequence}\\b`));
        seen.set(name, error.code);
      }
    }
  }
  return seen;
}

test(`the load stream runs through every processor${why}`, { skip, timeout: 120_000 }, async () => {
  const seen = await readAll(sharedPath("ledgers", "captive-core", "load-v25.framed.xdr.zst"));
  const refused = [...seen].filter(([, rows]) => typeof rows === "string");
  assert.deepEqual(refused, [
    ['token-transfer {"transfers_from":"unified"}', "ledger/no-unified-events"],
  ]);
  assert.equal(seen.get("ledgers {}"), 30);
  assert.equal(seen.get("transactions {}"), 7_740);
  assert.ok(Number(seen.get('contract-events {"diagnostic_events":true}')) >= 37_200);
});

test(`a damaged stream is refused with the place, or read${why}`, {
  skip,
  timeout: 120_000,
}, async () => {
  using folder = temporaryFolder();
  const random = seeded(41);
  const below = (limit: number) => Math.floor(random() * limit);
  const intact = framed(captiveCore().slice(0, LEDGERS_OF_MUTANT).map(({ bytes }) => bytes));
  let refused = 0;
  for (let round = 0; round < MUTANTS; round++) {
    const path = join(folder.path, "stream.xdr");
    const word = below(intact.length >> 2) * 4;
    let bytes = Uint8Array.from(intact);
    if (round % 4 === 0) bytes = bytes.subarray(0, below(bytes.length));
    else if (round % 4 === 1) new DataView(bytes.buffer).setUint32(0, below(2 ** 32));
    else if (round % 4 === 2) bytes.set([0x7f, 0xff, 0xff, 0xff], word);
    else bytes[word] = (bytes[word] ?? 0) ^ (1 << below(8));
    writeFileSync(path, bytes);
    try {
      await readAll(path);
    } catch (error) {
      assert.ok(error instanceof FlowctlError, String(error));
      assert.match(error.code, /^(xdr|ledger|source)\//);
      assert.match(error.message, /ledger \d+|byte \d+|stream\.xdr/);
      refused++;
    }
  }
  // Those that are cut short and those whose first length lies, whatever becomes of the others.
  assert.ok(refused >= MUTANTS / 2, `${refused} refused`);
});

/** Each behind its length, as core writes them. */
function framed(ledgers: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(ledgers.flatMap((bytes) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE((0x80000000 | bytes.length) >>> 0);
    return [length, bytes];
  }));
}
