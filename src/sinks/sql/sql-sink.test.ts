import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import {
  inTemporaryFolder,
  sinkContext,
  testBatch,
  transferRows,
  transferType,
} from "../../../tests/support/sink-context.ts";
import type { Batch, Row } from "../../flow/batch.ts";
import type { Positions, Sink, SinkContext } from "../../flow/component.ts";
import { openSqlite } from "../../runtime/sqlite.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { createSqliteStore } from "../sqlite/sqlite-store.ts";
import { sqlite } from "../sqlite/sqlite.ts";
import { createSqlSink } from "./sql-sink.ts";
import type { SqlStore } from "./store.ts";

/** What happens to a transaction: it works, it is lost, or its answer is lost. */
type Fate = "works" | "lost" | "answer lost";

const LAST = 12;
const SOURCES = ["lake", "other"] as const;
const type = transferType();

function rowsOf(source: string, sequence: number): Row[] {
  return transferRows(sequence).map((row) => ({
    ...row,
    event_id: `${source}-${row["event_id"]}`,
  }));
}

function batchOf(source: string, sequence: number): Batch {
  return { ...testBatch(sequence, [type, rowsOf(source, sequence)]), source };
}

function unreliable<R>(store: SqlStore<R>, nextFate: () => Fate): SqlStore<R> {
  const lost = () => new FlowctlError("sink/unreachable", "lost", { retryable: true });
  return {
    ...store,
    async transaction(body) {
      const fate = nextFate();
      if (fate === "lost") throw lost();
      const result = await store.transaction(body);
      if (fate === "answer lost") throw lost();
      return result;
    },
  };
}

async function retried<T>(action: () => T | Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof FlowctlError && error.retryable)) throw error;
    }
  }
}

function sinkOf(context: SinkContext, path: string, nextFate: () => Fate): Sink {
  const store = createSqliteStore({ path, busy_timeout_ms: 1_000 }, context);
  const config = { table: "{table}", on_conflict: "update", auto_migrate: false } as const;
  return createSqlSink(unreliable(store, nextFate), config, context);
}

function contentOf(path: string): unknown[] {
  const database = openSqlite(path, { bigints: true });
  const rows = database.prepare("SELECT * FROM transfers ORDER BY event_id").all();
  database.close();
  return rows.map((row) => ({ ...row }));
}

const expected = SOURCES.flatMap((source) =>
  Array.from({ length: LAST }, (_, i) => rowsOf(source, i + 1)).flat()
).sort((a, b) => String(a["event_id"]) < String(b["event_id"]) ? -1 : 1);

test("transactions that are lost, before or after they took effect, change nothing", () =>
  inTemporaryFolder(async (folder) => {
    const step = fc.constantFrom(...SOURCES, ...SOURCES, "commit", "abandon");
    const fate = fc.constantFrom<Fate>("works", "works", "lost", "answer lost");
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 20, maxLength: 60 }),
        fc.infiniteStream(fate),
        fc.constantFrom("stop", "skip"),
        async (steps, fates, on_error) => {
          const path = join(folder, `${runs++}.db`);
          const base = sinkContext(sqlite, { path });
          const context: SinkContext = { ...base, spec: { ...base.spec, on_error } };
          const nextFate = () => fates.next().value ?? "works";
          let sink = sinkOf(context, path, nextFate);
          let committed: Positions = await retried(() => sink.open());
          let taken = new Map(committed);
          const write = async (source: string) => {
            const next = (taken.get(source) ?? 0) + 1;
            if (next > LAST) return;
            await retried(() => sink.write(batchOf(source, next)));
            taken.set(source, next);
          };
          const commit = async () => {
            committed = await retried(() => sink.commit("interval"));
            assert.deepEqual(committed, taken);
          };
          for (const step of steps) {
            if (step === "commit") await commit();
            else if (step !== "abandon") await write(step);
            else {
              await sink.close();
              sink = sinkOf(context, path, nextFate);
              const found = await retried(() => sink.open());
              assert.deepEqual(found, committed);
              taken = new Map(found);
            }
          }
          for (const source of SOURCES) {
            while ((taken.get(source) ?? 0) < LAST) await write(source);
          }
          await commit();
          await sink.close();
          assert.deepEqual(contentOf(path), expected);
        },
      ),
      { numRuns: 30 },
    );
  }));
