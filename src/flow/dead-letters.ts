/**
 * Events that a component could not handle, kept until somebody replays or drops them.
 *
 * A letter is a decision that holds: once it is stored, a restart that comes past the same ledger
 * again leaves the event out at the same place, so the sinks of the pipeline agree on it.
 */

import { eventTypeByName } from "../events/registry.ts";
import type { EventType } from "../events/event-type.ts";
import type { Sqlite, SqliteRow } from "../runtime/sqlite.ts";
import { FlowctlError, messageOf } from "../spec/errors.ts";
import type { Batch, Row } from "./batch.ts";
import { decodeRow, encodeTyped } from "./typed-json.ts";

export interface DeadLetter {
  /** Grows; never used twice. */
  readonly id: number;
  /** The component that failed. */
  readonly component: string;
  readonly source: string;
  readonly sequence: number;
  readonly network: string;
  readonly closedAt: Date;
  readonly type: EventType;
  readonly eventId: string;
  readonly row: Row;
  readonly code: string;
  readonly error: string;
  /** How often the component was tried with it, over all runs and replays. */
  readonly attempts: number;
  readonly firstFailedAt: Date;
  readonly lastFailedAt: Date;
  /** The sequence under which it is being replayed; see `startReplay`. */
  readonly replay: number | undefined;
}

export interface Failure {
  readonly error: unknown;
  readonly attempts: number;
}

/** Tells an event within its ledger. */
export type EventKey = string;

export interface DeadLetterFilter {
  readonly component?: string;
  readonly source?: string;
  readonly sequence?: number;
}

export interface DeadLetters {
  /**
   * Stores the events of the batch, each with its failure (by its index over all groups); durable
   * when it returns. Repeats only count attempts.
   */
  add(component: string, batch: Batch, failureOf: (index: number) => Failure): void;
  /** The events of that ledger that the component has letters for. */
  keysOf(component: string, source: string, sequence: number): ReadonlySet<EventKey>;
  /** The last ledger per source for which the component has letters. */
  lastSequences(component: string): ReadonlyMap<string, number>;
  /** Ids in ascending order. */
  ids(filter?: DeadLetterFilter): readonly number[];
  get(id: number): DeadLetter | undefined;
  /**
   * Gives each of these letters the next sequence above `last` (and above that of letters whose
   * replay was interrupted), and returns all that have one, in that order. To a sink a replay is a
   * source of its own, so that it can tell what it has already, also after a crash.
   */
  startReplay(ids: readonly number[], last: number): readonly number[];
  /** Counts a replay that failed: the letter stays. */
  endReplay(id: number, failure: Failure): void;
  remove(id: number): boolean;
}

export function eventKey(type: EventType, row: Row): EventKey {
  return `${type.name} ${eventId(type, row)}`;
}

function eventId(type: EventType, row: Row): string {
  const id = row[type.id];
  return id === undefined || id === null ? encodeTyped(row) : String(id);
}

export function createDeadLetters(file: Sqlite, pipeline: string): DeadLetters {
  const addType = file.prepare("INSERT OR IGNORE INTO event_type (declaration) VALUES (?)");
  const typeId = file.prepare("SELECT id FROM event_type WHERE declaration = ?");
  const insert = file.prepare(`
    INSERT INTO dead_letter (pipeline, component, source, sequence, network, closed_at_ms,
      event_type, event_id, event, code, error, attempts, first_failed_at_ms, last_failed_at_ms)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET attempts = attempts + excluded.attempts, code = excluded.code,
      error = excluded.error, last_failed_at_ms = excluded.last_failed_at_ms`);
  const keys = file.prepare(`
    SELECT t.declaration ->> 'name' AS type, d.event_id AS id
    FROM dead_letter d JOIN event_type t ON t.id = d.event_type
    WHERE d.pipeline = ? AND d.component = ? AND d.source = ? AND d.sequence = ?`);
  const lasts = file.prepare(`
    SELECT source, max(sequence) AS sequence FROM dead_letter
    WHERE pipeline = ? AND component = ? GROUP BY source`);
  const selectIds = file.prepare(`
    SELECT id FROM dead_letter WHERE pipeline = ?1 AND (?2 IS NULL OR component = ?2)
      AND (?3 IS NULL OR source = ?3) AND (?4 IS NULL OR sequence = ?4) ORDER BY id`);
  const select = file.prepare(`
    SELECT d.*, t.declaration FROM dead_letter d JOIN event_type t ON t.id = d.event_type
    WHERE d.pipeline = ? AND d.id = ?`);
  const lastReplay = file.prepare(
    "SELECT coalesce(max(replay), 0) AS last FROM dead_letter WHERE pipeline = ?",
  );
  const setReplay = file.prepare(
    "UPDATE dead_letter SET replay = ? WHERE pipeline = ? AND id = ? AND replay IS NULL",
  );
  const replaying = file.prepare(`
    SELECT id FROM dead_letter WHERE pipeline = ? AND replay IS NOT NULL ORDER BY replay`);
  const failAgain = file.prepare(`
    UPDATE dead_letter SET replay = NULL, code = ?, error = ?, attempts = attempts + ?,
      last_failed_at_ms = ? WHERE pipeline = ? AND id = ?`);
  const remove = file.prepare("DELETE FROM dead_letter WHERE pipeline = ? AND id = ?");

  function idOfType(type: EventType): number {
    const declaration = JSON.stringify(type);
    addType.run(declaration);
    return Number(typeId.get(declaration)?.["id"]);
  }

  return {
    add(component, batch, failureOf) {
      const now = Date.now();
      let index = 0;
      file.transaction(() => {
        for (const { type, rows } of batch.groups) {
          const id = idOfType(type);
          for (const row of rows) {
            const failure = failureOf(index++);
            const { code, message } = describe(failure.error);
            insert.run(
              pipeline,
              component,
              batch.source,
              batch.sequence,
              batch.network,
              batch.closedAt.getTime(),
              id,
              eventId(type, row),
              encodeTyped(row),
              code,
              message,
              failure.attempts,
              now,
              now,
            );
          }
        }
      });
    },
    keysOf(component, source, sequence) {
      const rows = keys.all(pipeline, component, source, sequence);
      return new Set(rows.map((row) => `${row["type"]} ${row["id"]}`));
    },
    lastSequences(component) {
      const rows = lasts.all(pipeline, component);
      return new Map(rows.map((row) => [String(row["source"]), Number(row["sequence"])]));
    },
    ids({ component, source, sequence } = {}) {
      return selectIds.all(pipeline, component ?? null, source ?? null, sequence ?? null)
        .map((row) => Number(row["id"]));
    },
    get(id) {
      const row = select.get(pipeline, id);
      return row === undefined ? undefined : letterOf(row);
    },
    startReplay(ids, last) {
      file.transaction(() => {
        let next = Math.max(last, Number(lastReplay.get(pipeline)?.["last"])) + 1;
        for (const id of ids) if (setReplay.run(next, pipeline, id) > 0) next += 1;
      });
      return replaying.all(pipeline).map((row) => Number(row["id"]));
    },
    endReplay(id, failure) {
      const { code, message } = describe(failure.error);
      failAgain.run(code, message, failure.attempts, Date.now(), pipeline, id);
    },
    remove: (id) => remove.run(pipeline, id) > 0,
  };
}

function describe(error: unknown): { readonly code: string; readonly message: string } {
  const code = error instanceof FlowctlError ? error.code : "flow/internal";
  return { code, message: messageOf(error) };
}

function letterOf(row: SqliteRow): DeadLetter {
  const declared = JSON.parse(String(row["declaration"])) as EventType;
  return {
    id: Number(row["id"]),
    component: String(row["component"]),
    source: String(row["source"]),
    sequence: Number(row["sequence"]),
    network: String(row["network"]),
    closedAt: new Date(Number(row["closed_at_ms"])),
    // Components may compare types by identity, so ours must be the registry's own object.
    type: eventTypeByName(declared.name) ?? declared,
    eventId: String(row["event_id"]),
    row: decodeRow(String(row["event"])),
    code: String(row["code"]),
    error: String(row["error"]),
    attempts: Number(row["attempts"]),
    firstFailedAt: new Date(Number(row["first_failed_at_ms"])),
    lastFailedAt: new Date(Number(row["last_failed_at_ms"])),
    replay: row["replay"] === null ? undefined : Number(row["replay"]),
  };
}
