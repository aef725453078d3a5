/** Events in the store: kept once, in the order in which they were told. */

import type { EventRecord, ToldEvent } from "../model.ts";
import { readDocument, writeDocument } from "./document.ts";
import type { Sql, SqlRow } from "./sql.ts";

/**
 * Adds those whose id is new and gives them their places. The counter's row stays locked until the
 * transaction ends, so whoever sees a place sees all before it, with several servers too.
 */
export async function insertEvents(
  sql: Sql,
  events: readonly EventRecord[],
): Promise<readonly ToldEvent[]> {
  const [counter] = await sql.query(
    `INSERT INTO flowctl_store (key, value) VALUES ('event-sequence', CAST($1 AS TEXT))
     ON CONFLICT (key) DO UPDATE SET value =
       CAST(CAST(flowctl_store.value AS BIGINT) + CAST(excluded.value AS BIGINT) AS TEXT)
     RETURNING value`,
    [String(events.length)],
  );
  const before = Number(counter!["value"]) - events.length;
  const added: ToldEvent[] = [];
  for (const [index, event] of events.entries()) {
    const sequence = before + index + 1;
    const rows = await sql.query(
      `INSERT INTO flowctl_events (id, at, kind, pipeline, body, sequence)
       VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING RETURNING id`,
      [event.id, event.at_ms, event.kind, event.pipeline, writeDocument(event), sequence],
    );
    if (rows.length === 1) added.push({ ...event, sequence });
  }
  return added;
}

/** The last place that was given; 0: none. */
export async function lastEventSequence(sql: Sql): Promise<number> {
  const [row] = await sql.query("SELECT value FROM flowctl_store WHERE key = 'event-sequence'");
  return Number(row?.["value"] ?? 0);
}

export function toldEvents(rows: readonly SqlRow[]): ToldEvent[] {
  return rows.map((row) => ({
    ...readDocument<EventRecord>(row["body"]),
    sequence: Number(row["sequence"]),
  }));
}
