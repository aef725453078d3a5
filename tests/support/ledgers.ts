/** The real ledgers beside the project, each as the bytes of its LedgerCloseMeta. */

import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { sharedPath } from "./shared.ts";

export interface RealLedger {
  readonly name: string;
  readonly passphrase: string;
  readonly bytes: Uint8Array;
}

const PUBNET = "Public Global Stellar Network ; September 2015";
const TESTNET = "Test SDF Network ; September 2015";
const LOAD = "load test network";

/** A LedgerCloseMetaBatch is start, end, count and then the ledgers; ours hold one each. */
const BATCH_HEADER_BYTES = 12;

export function pubnetLake(): RealLedger[] {
  const folder = sharedPath("ledgers", "pubnet-lake", "FC3E15FF--63040000-63103999");
  return readdirSync(folder).sort().reverse().map((name) => ({
    name,
    passphrase: PUBNET,
    bytes: zstdDecompressSync(readFileSync(`${folder}/${name}`)).subarray(BATCH_HEADER_BYTES),
  }));
}

export function testnetLake(): RealLedger[] {
  const folder = sharedPath("ledgers", "testnet-lake");
  return readdirSync(folder).filter((name) => name.includes(".xdr")).sort().reverse().map((
    name,
  ) => ({
    name,
    passphrase: TESTNET,
    bytes: zstdDecompressSync(readFileSync(`${folder}/${name}`)).subarray(BATCH_HEADER_BYTES),
  }));
}

export function pubnetP13(): RealLedger[] {
  const folder = sharedPath("ledgers", "pubnet-p13");
  return readdirSync(folder).sort().map((name) => ({
    name,
    passphrase: PUBNET,
    bytes: gunzipSync(readFileSync(`${folder}/${name}`)),
  }));
}

/** `single/` and `classic/` together, by sequence: the order of their golden files. */
export function singleAndClassic(): RealLedger[] {
  const classic = sharedPath("ledgers", "classic");
  const single = sharedPath("ledgers", "single");
  const ledgers = readdirSync(classic).map((name) => ({
    name,
    passphrase: PUBNET,
    bytes: readFileSync(`${classic}/${name}`) as Uint8Array,
  }));
  for (const name of readdirSync(single)) {
    const data = readFileSync(`${single}/${name}`);
    const raw: Uint8Array = name.endsWith(".zstd") ? zstdDecompressSync(data) : data;
    ledgers.push({ name, passphrase: PUBNET, bytes: raw.subarray(BATCH_HEADER_BYTES) });
  }
  const sequence = (name: string) => Number(/(\d{5,})/.exec(name.replace(/^.*--/, ""))?.[1]);
  return ledgers.sort((a, b) => sequence(a.name) - sequence(b.name));
}

/** The dense stream of captive core: 30 ledgers, each behind 4 bytes of 0x80000000 | length. */
export function captiveCore(): RealLedger[] {
  const stream = zstdDecompressSync(
    readFileSync(sharedPath("ledgers", "captive-core", "load-v25.framed.xdr.zst")),
  );
  const ledgers: RealLedger[] = [];
  for (let offset = 0; offset < stream.length;) {
    const length = stream.readUInt32BE(offset) & 0x7fffffff;
    offset += 4;
    ledgers.push({
      name: `load-v25 #${ledgers.length}`,
      passphrase: LOAD,
      bytes: stream.subarray(offset, offset + length),
    });
    offset += length;
  }
  return ledgers;
}

/** The folders that have rows of Stellar's exporter, each with the ledgers that it was run over. */
export const goldenFolders: Readonly<Record<string, () => RealLedger[]>> = {
  "pubnet-lake": pubnetLake,
  "pubnet-p13": pubnetP13,
  "single-and-classic": singleAndClassic,
  "testnet-lake": testnetLake,
  "captive-core": () => captiveCore().slice(0, 10),
};

export function allLedgers(): RealLedger[] {
  return [
    ...pubnetLake(),
    ...testnetLake(),
    ...pubnetP13(),
    ...singleAndClassic(),
    ...captiveCore(),
  ];
}
