/**
 * Texts of 32-byte keys, found again without a copy: a table with one place per hash of the key's
 * first bytes (keys are random), where a newer key replaces an older one.
 */

import { encodeStrkey, type StrkeyVersion } from "./strkey.ts";
import type { XdrBytes } from "./xdr/xdr-bytes.ts";

/** A power of two; a ledger of mainnet has some 2,000 different keys. */
const PLACES = 1 << 14;
const WORDS = 8;
const KEY_BYTES = 32;

const keys = new Int32Array(PLACES * WORDS);
const versions = new Uint8Array(PLACES);
const texts: string[] = new Array<string>(PLACES).fill("");

/** The address of the 32-byte key at `offset`. */
export function addressOfKey(xdr: XdrBytes, offset: number, version: StrkeyVersion): string {
  const first = xdr.int32(offset, "key");
  const last = xdr.int32(offset + KEY_BYTES - 4, "key");
  const place = (first ^ (last << 1) ^ version) & (PLACES - 1);
  const at = place * WORDS;
  if (versions[place] === version && keys[at] === first && keys[at + 7] === last) {
    let word = 1;
    while (word < 7 && keys[at + word] === xdr.int32(offset + word * 4, "key")) word++;
    if (word === 7) return texts[place] ?? "";
  }
  const text = encodeStrkey(version, xdr.slice(offset, offset + KEY_BYTES));
  for (let word = 0; word < WORDS; word++) keys[at + word] = xdr.int32(offset + word * 4, "key");
  versions[place] = version;
  texts[place] = text;
  return text;
}
