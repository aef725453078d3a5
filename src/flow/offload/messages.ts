/** What the main thread and worker threads say to each other. */

import type { MadeLedger } from "../batch.ts";
import type { Link, Packed } from "../component.ts";
import type { OffloadPlan } from "./plan.ts";

/** The first message to a thread. */
export interface StartMessage {
  readonly plan: OffloadPlan;
  /** The process's environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Job {
  readonly source: string;
  readonly packed: Packed;
}

export interface JobMessage extends Job {
  readonly id: number;
}

/** What became of one ledger. */
export interface LedgerResult {
  readonly sequence: number;
  readonly network: string;
  readonly closedAt: Date;
  /** Size of the ledger as the source gives it. */
  readonly bytes: number;
  readonly link: Link | undefined;
  /** The ledger itself, where somebody on the main thread needs it. */
  readonly bare: Uint8Array | undefined;
  /** Undefined: some component failed. */
  readonly made: MadeLedger | undefined;
}

export interface JobResult {
  /** What the job was given, back again for whoever needs the rows on the main thread. */
  readonly packed: Packed;
  /** Fewer than were packed: the next one could not be unpacked. */
  readonly ledgers: readonly LedgerResult[];
}

export interface ResultMessage {
  readonly id: number;
  readonly result: JobResult;
}

/** `ready` follows upon the start, `failed` when the components cannot be made there. */
export type ThreadMessage =
  | { readonly kind: "ready" }
  | { readonly kind: "failed"; readonly reason: string }
  | ({ readonly kind: "done" } & ResultMessage);
