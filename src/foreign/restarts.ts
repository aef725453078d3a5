/** Tries a ledger again when the component ended while it had it. */

import type { Batch } from "../flow/batch.ts";
import type { ComponentContext } from "../flow/component.ts";
import { FlowctlError } from "../spec/errors.ts";
import { LinkLost } from "./faults.ts";
import type { Link } from "./link.ts";
import type { Peer } from "./peer.ts";

/** A ledger during which the component ends this often ends it, as far as one can tell. */
export const MAX_CRASHES_per_ledger = 5;

export interface LedgerCall<T> {
  readonly context: ComponentContext;
  readonly peer: Peer;
  readonly batch: Pick<Batch, "sequence">;
  /** The ledger from its beginning, over this link. */
  call(link: Link): Promise<T>;
  /** Waiting is the normal state, as it is for a source. Default false. */
  readonly waits?: boolean;
  /** The link was lost; what is bound to it is to be forgotten. */
  onLost(): void;
}

/** A component may take as long as it likes; after this it is said that it does. */
export const SLOW_WARNING_ms = 60_000;

/** Throws what `call` throws, unless the link was lost, and gives up after too many losses. */
export async function throughRestarts<T>(ledger: LedgerCall<T>): Promise<T> {
  const { context, batch } = ledger;
  if (ledger.waits === true) return await tryUntilKept(ledger);
  const slow = setInterval(() => {
    context.log.warn(`still waiting for the component to handle ledger ${batch.sequence}`);
  }, SLOW_WARNING_ms);
  try {
    return await tryUntilKept(ledger);
  } finally {
    clearInterval(slow);
  }
}

async function tryUntilKept<T>(ledger: LedgerCall<T>): Promise<T> {
  const { context, peer, batch } = ledger;
  for (let crashes = 1;; crashes += 1) {
    const link = await peer.link();
    try {
      const result = await ledger.call(link);
      peer.worked();
      return result;
    } catch (error) {
      if (!(await isLoss(peer, link, error))) throw error;
      ledger.onLost();
      // While waiting there is no ledger to blame; the restart policy alone decides.
      const blamed = ledger.waits !== true && crashes >= MAX_CRASHES_per_ledger;
      if (blamed) throw crashed(context.spec.id, batch, crashes);
      await peer.afterLoss(link);
    }
  }
}

/** Any failure of a stream may be the first sign that its process has ended. */
async function isLoss(peer: Peer, link: Link, error: unknown): Promise<boolean> {
  if (error instanceof LinkLost || link.lost.aborted) return true;
  if (!(error instanceof FlowctlError)) return false;
  const fromStream = error.code === "component/event-failed" && error.cause !== undefined;
  return fromStream && await peer.hasEnded(link);
}

function crashed(id: string, { sequence }: Pick<Batch, "sequence">, crashes: number): FlowctlError {
  return new FlowctlError(
    "component/exited",
    `${id} ended or closed its stream ${crashes} times while it had ledger ${sequence}`,
    { hint: "Its log says why. on_error: dead_letter or skip lets the run go on without it." },
  );
}
