/** The ledgers of a lake, one by one, each checked and as a batch. */

import type { Batch } from "../../flow/batch.ts";
import { FlowctlError } from "../../spec/errors.ts";
import type { LakeObject } from "./fetch-object.ts";
import { followLake, type FollowOptions } from "./follow-lake.ts";
import { chainChecker, checkLedger, type Verify } from "./ledger-checker.ts";

export interface ReadLedgersOptions extends FollowOptions<LakeObject> {
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

  for await (const object of followLake(options)) {
    yield* wantedOf(object);
    head.refreshWhenOld(signal);
  }
}
