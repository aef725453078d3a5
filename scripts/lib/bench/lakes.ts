/** The lakes that the benchmark reads: real ledgers where they are at hand, and synthetic ones. */

import { openStore } from "../../../src/objects/open-store.ts";
import { createLakeWriter } from "../../../src/sources/galexie/lake-writer.ts";
import { sandboxNetwork } from "../../../src/sources/sandbox/network.ts";
import { networkOptions } from "../../../src/sources/sandbox/options.ts";
import { configSchema } from "../../../src/gen/config/sandbox.ts";
import { pubnetLake } from "../../../tests/support/ledgers.ts";
import { renumber } from "../../../tests/support/renumber.ts";
import { parse } from "valibot";

export interface BenchLake {
  readonly title: string;
  readonly path: string;
  readonly network: string;
  readonly first: number;
  readonly last: number;
  /** XDR, before compression. */
  readonly bytes: number;
}

/** Real ledgers over and over, each time at the next place in the chain, so that all hashes hold. */
export async function realLake(path: string, ledgers: number): Promise<BenchLake> {
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
  return { title, path, network: begin.passphrase, first, last: first + ledgers - 1, bytes };
}

const FIRST_REAL_LEDGER = 63_092_982;

/** The sandbox's ledgers, at the density of the default config times ten: 200 transactions. */
export async function syntheticLake(path: string, ledgers: number): Promise<BenchLake> {
  const config = parse(configSchema, { transactions_per_ledger: TRANSACTIONS_PER_LEDGER });
  const network = sandboxNetwork(networkOptions(config));
  const writer = await createLakeWriter(openStore(path), { network: config.network_passphrase });
  let bytes = 0;
  for (let index = 0; index < ledgers; index++) {
    const encoded = network.next().encode();
    bytes += encoded.byteLength;
    await writer.write(encoded);
  }
  const first = config.start_ledger;
  const title = `${ledgers} synthetic ledgers of ${TRANSACTIONS_PER_LEDGER} transactions`;
  const last = first + ledgers - 1;
  return { title, path, network: config.network_passphrase, first, last, bytes };
}

const TRANSACTIONS_PER_LEDGER = 200;
