/** Hubble's numbers of assets: the fingerprint of code, issuer and type, as a signed 64-bit integer. */

import type { Asset } from "./asset.ts";
import { fingerprint64 } from "./farm-hash.ts";

const ids = new Map<string, bigint>();

/** Beyond this many assets the cache starts anew. */
const MAX_CACHED = 100_000;

export function assetId({ name, type, code, issuer }: Asset): bigint {
  let id = ids.get(name);
  if (id === undefined) {
    if (ids.size >= MAX_CACHED) ids.clear();
    id = BigInt.asIntN(64, fingerprint64(`${code ?? ""}${issuer ?? ""}${type}`));
    ids.set(name, id);
  }
  return id;
}
