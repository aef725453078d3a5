import type { ObjectStore } from "../../objects/object-store.ts";
import { newestObject } from "./lake-bounds.ts";

/** How long a listing of the newest ledger is good for, while the run catches up. */
export const HEAD_REFRESH_MS = 30_000;

/** The latest ledger that the lake is known to have. */
export interface LakeHead {
  readonly latest: number | undefined;
  /** A ledger was read, so the lake has it. */
  saw(ledger: number): void;
  /** Looks it up; undefined when the lake cannot be listed. */
  refresh(signal: AbortSignal): Promise<number | undefined>;
  /** Looks it up in the background when the last look is too old; failures do not matter. */
  refreshWhenOld(signal: AbortSignal): void;
}

export function lakeHead(store: ObjectStore, now: () => number = () => performance.now()) {
  let latest: number | undefined;
  let looked_at_ms = -Infinity;

  const saw = (ledger: number) => {
    if (latest === undefined || ledger > latest) latest = ledger;
  };

  async function refresh(signal: AbortSignal): Promise<number | undefined> {
    if (!store.canList) return undefined;
    looked_at_ms = now();
    const newest = await newestObject(store, { signal });
    if (newest !== undefined) saw(newest.last);
    return newest?.last;
  }

  const head: LakeHead = {
    get latest() {
      return latest;
    },
    saw,
    refresh,
    refreshWhenOld(signal) {
      if (now() - looked_at_ms < HEAD_REFRESH_MS) return;
      looked_at_ms = now();
      refresh(signal).catch(() => {});
    },
  };
  return head;
}
