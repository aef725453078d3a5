/** The ledgers of a lake, one by one, each checked and as a batch. */

import type { Batch } from "../../flow/batch.ts";
import { mapAhead } from "../../flow/map-ahead.ts";
import { FlowctlError } from "../../spec/errors.ts";
import type { LakeObject, StoredObject } from "./fetch-object.ts";
import { followLake, type FollowOptions } from "./follow-lake.ts";
import { chainChecker, checkLedger, type Verify } from "./ledger-checker.ts";

/**
 * What is decompressed while the ledger before it is still being read: the next one has to be ready,
 * and a fifth of its size, as it is stored, does for all others.
 */
const DECODE_AHEAD = { count: 3, bytes: 32 * 1024 * 1024 };

export interface ReadLedgersOptions extends FollowOptions<StoredObject> {
  readonly decode: (object: StoredObject) => Promise<LakeObject>;
  /** Id of the source component. */
  readonly source: string;
  readonly verify: Verify;
  readonly skipsUnknown: boolean;
}

/** Only the first object of a network holds fewer ledgers than its name says. */
export function startsLater(url: string, from: number, first: number): FlowctlError {
  return new FlowctlError(
    "source/out-of-range",
    `ledger ${from} does not exist in the lake: ${url} starts with ledger ${first}`,
    { hint: `Start at ledger ${first}.` },
  );
}

/** Throws what `followLake` throws, and an error that names ledger and object when a check fails. */
export async function* readLedgers(options: ReadLedgersOptions): AsyncGenerator<Batch> {
  const { source, verify, skipsUnknown, lake, head, from, to, signal } = options;
  const checks = { source, network: lake.network, verify, skipsUnknown };
  const checkChain = chainChecker();
  let next = from;

  function* wantedOf(object: LakeObject): Generator<Batch> {
    const url = lake.store.urlOf(object.key);
    if (object.first > next) throw startsLater(url, next, object.first);
    for (const [index, bytes] of object.ledgers.entries()) {
      const sequence = object.first + index;
      if (sequence < next) continue;
      if (sequence > to) return;
      const { batch, verified } = checkLedger(checks, bytes, sequence, url);
      if (verified !== undefined) checkChain(verified, url);
      yield batch;
      next = sequence + 1;
    }
  }

  const objects = mapAhead(followLake(options), {
    limits: DECODE_AHEAD,
    bytesOf: (stored, decoded: LakeObject | undefined) => (decoded ?? stored).held_bytes,
    work: options.decode,
  });
  for await (const { output } of objects) {
    yield* wantedOf(output);
    head.refreshWhenOld(signal);
  }
}
