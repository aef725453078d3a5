/** States of stateful processors, each as of a ledger per source, so that a restart finds one. */

import type { Sqlite } from "../runtime/sqlite.ts";
import type { Json, Row } from "./batch.ts";
import type { Positions } from "./component.ts";
import { decodeJson, decodeRow, encodeTyped } from "./typed-json.ts";

/** A processor's state is stored after each ledger whose sequence this divides, and at the end. */
export const SNAPSHOT_INTERVAL_ledgers = 500;

export interface Snapshots {
  /** Durable when it returns. */
  save(processor: string, positions: Positions, state: Json): void;
  /** The positions of which there is a snapshot. */
  list(processor: string): readonly Positions[];
  load(processor: string, positions: Positions): Json;
  /** Removes what lies below the newest snapshot that is within `floor`: no restart needs it. */
  prune(processor: string, floor: Positions): void;
}

export function createSnapshots(file: Sqlite, pipeline: string): Snapshots {
  const write = file.prepare("INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?, ?)");
  const keys = file.prepare("SELECT positions FROM snapshot WHERE pipeline = ? AND processor = ?");
  const read = file.prepare(
    "SELECT state FROM snapshot WHERE pipeline = ? AND processor = ? AND positions = ?",
  );
  const remove = file.prepare(
    "DELETE FROM snapshot WHERE pipeline = ? AND processor = ? AND positions = ?",
  );
  const list = (processor: string) =>
    keys.all(pipeline, processor).map((row) => fromKey(String(row["positions"])));

  return {
    list,
    save: (processor, positions, state) =>
      void write.run(pipeline, processor, toKey(positions), encodeTyped(state)),
    load(processor, positions) {
      const row = read.get(pipeline, processor, toKey(positions));
      return row === undefined ? null : decodeJson(String(row["state"]));
    },
    prune(processor, floor) {
      const all = list(processor);
      const keep = newestWithin(all, floor);
      if (keep === undefined) return;
      const useless = all.filter((positions) => positions !== keep && isWithin(positions, keep));
      if (useless.length === 0) return;
      file.transaction(() => {
        for (const positions of useless) remove.run(pipeline, processor, toKey(positions));
      });
    },
  };
}

/** The furthest of the positions that are all within the floor. */
export function newestWithin(
  all: readonly Positions[],
  floor: Positions,
): Positions | undefined {
  let newest: Positions | undefined;
  for (const positions of all) {
    if (!isWithin(positions, floor)) continue;
    if (newest === undefined || total(positions) > total(newest)) newest = positions;
  }
  return newest;
}

/** True when no source is further than in the floor; a source that the floor lacks is too far. */
export function isWithin(positions: Positions, floor: Positions): boolean {
  for (const [source, sequence] of positions) {
    const limit = floor.get(source);
    if (limit === undefined || sequence > limit) return false;
  }
  return true;
}

function total(positions: Positions): number {
  let sum = 0;
  for (const sequence of positions.values()) sum += sequence;
  return sum;
}

function toKey(positions: Positions): string {
  const sorted = [...positions].sort(([a], [b]) => a < b ? -1 : 1);
  return encodeTyped(Object.fromEntries(sorted));
}

function fromKey(key: string): Positions {
  const row: Row = decodeRow(key);
  return new Map(Object.entries(row).map(([source, sequence]) => [source, Number(sequence)]));
}
