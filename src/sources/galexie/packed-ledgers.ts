/** The ledgers of a lake as they are stored, and how a worker thread unpacks them. */

import type { Packed, PackedReading, UnpackedLedger } from "../../flow/component.ts";
import type { VerifiedLedger } from "../../stellar/verify.ts";
import { decodeObjectHere } from "./decode-object.ts";
import type { StoredObject } from "./fetch-object.ts";
import { followLake, type FollowOptions } from "./follow-lake.ts";
import { chainChecker, checkLedger, type Verify } from "./ledger-checker.ts";
import { startsLater } from "./read-ledgers.ts";

/** `Packed.about` of an object. */
type About = Record<"key" | "url" | "network" | "verify" | "on_unknown", string>;

export interface PackedLedgersOptions extends FollowOptions<StoredObject> {
  readonly verify: Verify;
  readonly skipsUnknown: boolean;
}

/** Throws what `followLake` throws. */
export async function* packedLedgers(options: PackedLedgersOptions): AsyncGenerator<Packed> {
  const { lake, verify, skipsUnknown, head, from, to, signal } = options;
  const { network } = lake;
  const on_unknown = skipsUnknown ? "skip" : "fail";
  for await (const { key, first, last, bytes } of followLake(options)) {
    const about: About = { key, url: lake.store.urlOf(key), network, verify, on_unknown };
    yield { first: Math.max(first, from), last: Math.min(last, to), bytes, about };
    head.refreshWhenOld(signal);
  }
}

/** Throws `ledger/broken-chain`, naming the object. */
export function chainFollower(): PackedReading["follow"] {
  const checkChain = chainChecker();
  return (packed, link) => checkChain(link as unknown as VerifiedLedger, aboutOf(packed).url);
}

/** Throws what reading the object otherwise would, but for the chain. */
export function* unpack(packed: Packed, source: string): Generator<UnpackedLedger> {
  const { key, url, network, verify, on_unknown } = aboutOf(packed);
  const object = decodeObjectHere(key, url, packed.bytes);
  if (object.first > packed.first) throw startsLater(url, packed.first, object.first);
  const skipsUnknown = on_unknown === "skip";
  const checks = { source, network, verify: verify as Verify, skipsUnknown };
  for (let sequence = packed.first; sequence <= packed.last; sequence++) {
    const bytes = object.ledgers[sequence - object.first];
    if (bytes === undefined) return;
    const { batch, verified } = checkLedger(checks, bytes, sequence, url);
    yield { batch, link: verified === undefined ? undefined : { ...verified } };
  }
}

function aboutOf({ about }: Packed): About {
  return about as About;
}
