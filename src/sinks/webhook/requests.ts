/** What is posted for a ledger: bodies with keys that are the same in every run. */

import { createHash } from "node:crypto";
import type { EventType } from "../../events/event-type.ts";
import { createRowWriter } from "../../events/json-rows.ts";
import { jsonString } from "../../events/json.ts";
import { isoTimestamp } from "../../events/timestamp.ts";
import type { Batch, Row } from "../../flow/batch.ts";
import { rowError } from "../../events/row-error.ts";
import type { Template } from "./template.ts";

export interface PostRequest {
  readonly idempotencyKey: string;
  readonly body: string;
  readonly events: number;
}

export interface RequestLimits {
  readonly max_batch_events: number;
  readonly max_batch_bytes: number;
}

/** Who posts: part of every key, because two sinks may post to one receiver. */
export interface Sender {
  readonly namespace: string;
  readonly pipeline: string;
  readonly sink: string;
}

/** A function that makes the requests of a ledger; none when it has no events. */
export function createRequests(
  sender: Sender,
  limits: RequestLimits,
  template: Template | undefined,
): (batch: Batch) => readonly PostRequest[] {
  // By name: a type without a schema of ours is made anew for each ledger.
  const writers = new Map<string, (row: Row) => string>();
  const writerOf = (type: EventType) => {
    const writer = writers.get(type.name) ?? template?.forType(type) ?? eventWriter(type);
    writers.set(type.name, writer);
    return writer;
  };

  return (batch) => {
    const requests: PostRequest[] = [];
    let texts: string[] = [];
    let ids: string[] = [];
    let size_chars = 0;
    const end = () => {
      if (texts.length === 0) return;
      requests.push({
        idempotencyKey: keyOf(sender, batch, ids),
        body: template === undefined ? envelope(sender, batch, texts) : texts.join(""),
        events: texts.length,
      });
      texts = [];
      ids = [];
      size_chars = 0;
    };
    const most = template === undefined ? limits.max_batch_events : 1;
    for (const { type, rows } of batch.groups) {
      const write = writerOf(type);
      for (const row of rows) {
        const text = guarded(() => write(row), type, row);
        if (texts.length >= most || size_chars + text.length > limits.max_batch_bytes) end();
        texts.push(text);
        ids.push(`${type.name} ${String(row[type.id])}`);
        size_chars += text.length;
      }
    }
    end();
    return requests;
  };
}

function guarded(write: () => string, type: EventType, row: Row): string {
  try {
    return write();
  } catch (error) {
    throw rowError(error, type, row);
  }
}

function eventWriter(type: EventType): (row: Row) => string {
  const write = createRowWriter(type);
  const hasName = type.columns.some((column) => column.name === "event_type");
  const start = `{"event_type":${jsonString(type.name)},`;
  return hasName ? write : (row) => start + write(row).slice(1);
}

function envelope(sender: Sender, batch: Batch, events: readonly string[]): string {
  const head = [
    `"pipeline":${jsonString(sender.pipeline)}`,
    `"sink":${jsonString(sender.sink)}`,
    `"source":${jsonString(batch.source)}`,
    `"network":${jsonString(batch.network)}`,
    `"ledger_sequence":${batch.sequence}`,
    `"closed_at":"${isoTimestamp(batch.closedAt)}"`,
  ];
  return `{${head.join(",")},"events":[${events.join(",")}]}`;
}

/** Depends on who posts, the ledger and which of its events: on nothing that a rerun changes. */
function keyOf(sender: Sender, batch: Batch, ids: readonly string[]): string {
  const { namespace, pipeline, sink } = sender;
  const parts = [namespace, pipeline, sink, batch.source, batch.sequence, ...ids];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
