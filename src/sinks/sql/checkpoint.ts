/** A sink's checkpoint as its rows say it, and who may still write under it. */

import { FlowctlError } from "../../spec/errors.ts";
import type { Checkpoint, SinkKey } from "./store.ts";

/** `rows`: one per source, with its `sequence` and `epoch`. */
export function checkpointOf(rows: readonly Readonly<Record<string, unknown>>[]): Checkpoint {
  return {
    positions: new Map(rows.map((row) => [String(row["source"]), Number(row["sequence"])])),
    epoch: Math.max(0, ...rows.map((row) => Number(row["epoch"]))),
  };
}

/** Throws `sink/fenced` when a later assignment has written here. */
export function assertNotFenced(found: Checkpoint, epoch: number, key: SinkKey): void {
  if (found.epoch <= epoch) return;
  throw new FlowctlError(
    "sink/fenced",
    `sink ${key.sink} was taken over: its database is written under epoch ${found.epoch}, ` +
      `and this run has ${epoch}`,
    {
      hint: epoch === 0
        ? "A fleet writes there: stop its pipeline, or begin anew with --reset."
        : "Nothing is lost: the agent that took over goes on from the same checkpoint.",
    },
  );
}
