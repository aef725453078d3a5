/**
 * Takes samples of batches for a tap: at most so many events a second, the rest only counted, and
 * nothing of it while the component waits.
 */

import { countRows } from "../../flow/batch.ts";
import type { Batch, Row } from "../../flow/batch.ts";
import { createRowWriter } from "../../events/json-rows.ts";
import { createValueWriter } from "../../events/json.ts";
import type { EventType } from "../../events/event-type.ts";
import type { TapFilter } from "./tap-filter.ts";

/** Batches that wait to be looked at; of those beyond, the events only count as skipped. */
export const MAX_WAITING_BATCHES = 8;
/** A row above this is shown with its long values cut. */
export const MAX_ROW_CHARS = 65_536;
const MAX_VALUE_CHARS = 1_024;

export interface TapSample {
  readonly componentId: string;
  readonly sequence: bigint;
  readonly eventType: string;
  readonly rowJson: string;
}

export interface TapSampler {
  offer(component: string, batch: Batch): void;
  /** Samples that wait to be taken. */
  size(): number;
  /** What was gathered since the last call, and how many events went by without. */
  take(): { readonly items: readonly TapSample[]; readonly skipped: bigint };
}

export function createTapSampler(
  { filter, rate }: { readonly filter: TapFilter; readonly rate: number },
): TapSampler {
  const writers = new Map<EventType, (row: Row) => string>();
  let items: TapSample[] = [];
  let skipped = 0;
  let waiting = 0;
  let working: Promise<void> = Promise.resolve();
  let allowance = Math.max(1, rate);
  let filled = performance.now();

  /** True when one more event keeps the rate; a second's worth may come at once. */
  function allowed(): boolean {
    const now = performance.now();
    allowance = Math.min(Math.max(1, rate), allowance + (now - filled) * rate / 1000);
    filled = now;
    if (allowance < 1) return false;
    allowance -= 1;
    return true;
  }

  async function look(component: string, batch: Batch): Promise<void> {
    const { groups, sequence } = await filter(batch);
    for (const { type, rows } of groups) {
      let write = writers.get(type);
      if (write === undefined) writers.set(type, write = rowText(type));
      for (const row of rows) {
        if (!allowed()) skipped++;
        else {
          items.push({
            componentId: component,
            sequence: BigInt(sequence),
            eventType: type.name,
            rowJson: write(row),
          });
        }
      }
    }
  }

  return {
    offer(component, batch) {
      if (waiting >= MAX_WAITING_BATCHES) {
        skipped += countRows(batch);
        return;
      }
      waiting++;
      working = working.then(() => look(component, batch)).catch(() => undefined)
        .finally(() => void waiting--);
    },
    size: () => items.length,
    take() {
      const taken = { items, skipped: BigInt(skipped) };
      items = [];
      skipped = 0;
      return taken;
    },
  };
}

/** A row as JSON; a very large one with its long values cut, so that it can be looked at. */
function rowText(type: EventType): (row: Row) => string {
  const write = createRowWriter(type);
  const columns = type.columns.map((column) => ({ column, write: createValueWriter(column) }));
  return (row) => {
    const text = write(row);
    if (text.length <= MAX_ROW_CHARS) return text;
    const values = columns.map(({ column, write }) => {
      const value = write(row[column.name]);
      const shown = value.length <= MAX_VALUE_CHARS
        ? value
        : JSON.stringify(`${value.replace(/^"/, "").slice(0, 64)}… (${value.length} characters)`);
      return `${JSON.stringify(column.name)}:${shown}`;
    });
    return `{${values.join(",")}}`;
  };
}
