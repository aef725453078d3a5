/** Parts of a batch, for finding and leaving out the events that a component cannot handle. */

import type { Batch, EventGroup, Row } from "./batch.ts";
import { countRows, withGroups } from "./batch.ts";
import { eventKey } from "./dead-letters.ts";
import type { EventKey } from "./dead-letters.ts";

/** The rows of which `keep` is true; groups without rows are left out. */
export function selectRows(
  batch: Batch,
  keep: (group: EventGroup, row: Row, index: number) => boolean,
): Batch {
  let index = 0;
  const groups = batch.groups.map((group) => ({
    type: group.type,
    rows: group.rows.filter((row) => keep(group, row, index++)),
  }));
  const left = groups.filter((group) => group.rows.length > 0);
  const share = countRows({ ...batch, groups: left }) / Math.max(1, countRows(batch));
  return withGroups(batch, left, Math.round(batch.bytes * share));
}

/** Rows `from` (inclusive) to `to` (exclusive), counted over all groups. */
export function sliceRows(batch: Batch, from: number, to: number): Batch {
  return selectRows(batch, (_group, _row, index) => index >= from && index < to);
}

export function withoutEvents(batch: Batch, keys: ReadonlySet<EventKey>): Batch {
  return selectRows(batch, (group, row) => !keys.has(eventKey(group.type, row)));
}

/** Only the events of these types; all of them when the list is empty. */
export function onlyTypes(batch: Batch, types: ReadonlySet<string>): Batch {
  if (types.size === 0 || batch.groups.every((group) => types.has(group.type.name))) return batch;
  return withGroups(batch, batch.groups.filter((group) => types.has(group.type.name)));
}
