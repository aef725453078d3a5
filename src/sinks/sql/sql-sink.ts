/**
 * The exactly-once logic of the database sinks: rows and checkpoint in one transaction, whoever
 * the database is.
 */

import type { EventType } from "../../events/event-type.ts";
import type { Batch } from "../../flow/batch.ts";
import { withGroups } from "../../flow/batch.ts";
import type { Positions, Sink, SinkContext } from "../../flow/component.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { assertNotFenced } from "./checkpoint.ts";
import {
  assertOutputsExist,
  assertSameTable,
  deleteStaleRows,
  forgetMissingOutputs,
  resetOutputs,
} from "./outputs.ts";
import type { PendingRows, PendingTable } from "./pending-rows.ts";
import { createPendingRows } from "./pending-rows.ts";
import type { OnConflict, SinkKey, SqlSession, SqlStore, WriteScope } from "./store.ts";
import { createTableNames } from "./table-name.ts";
import { setUpTable } from "./table-setup.ts";

/** Rows are held in memory up to this size, then written in a transaction of their own. */
export const BUFFER_LIMIT_bytes = 16 * 1024 * 1024;

export interface SqlSinkConfig {
  readonly table: string;
  readonly on_conflict: OnConflict;
  readonly auto_migrate: boolean;
}

export function sinkKey(context: Pick<SinkContext, "spec" | "pipeline">): SinkKey {
  const { pipeline, spec } = context;
  return { namespace: pipeline.namespace, pipeline: pipeline.name, sink: spec.id };
}

export function createSqlSink<R>(
  store: SqlStore<R>,
  config: SqlSinkConfig,
  context: SinkContext,
): Sink {
  const key = sinkKey(context);
  const { epoch = 0 } = context;
  const tableOf = createTableNames(config.table, (table) => store.checkTableName(table));
  const collect = () =>
    createPendingRows<R>({
      tableOf,
      encoder: (type) => store.encoder(type),
      onConflict: config.on_conflict,
      idsOnce: store.idsOnce,
    });
  const pending = collect();
  /** Events that the database refuses are set aside: then it must be asked about each ledger. */
  const toleratesRefusals = context.spec.on_error !== "stop";
  /** Event types whose table was looked at by a transaction that took effect. */
  let ready = new WeakSet<EventType>();
  let committed: Positions = new Map();
  let mayHoldStaleRows = false;

  const setup = {
    autoMigrate: config.auto_migrate,
    addColumnStatement: store.addColumnStatement.bind(store),
  };

  async function guarded<T>(scope: WriteScope, action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      throw error instanceof FlowctlError ? error : store.explain(error, scope);
    }
  }

  async function readCheckpoint(session: SqlSession<R>): Promise<Positions> {
    if (context.reset) await resetOutputs(session);
    const outputs = await session.outputs();
    const found = await session.checkpoint();
    assertNotFenced(found, epoch, key);
    if (found.epoch < epoch) await session.saveEpoch(epoch);
    const { positions } = found;
    if (positions.size > 0) await assertOutputsExist(session, outputs, key);
    else await forgetMissingOutputs(session, outputs);
    mayHoldStaleRows = outputs.some((output) => output.stale);
    return positions;
  }

  /** One event type's table, created and recorded when it is the first time. */
  async function prepare(session: SqlSession<R>, part: PendingTable<R>): Promise<void> {
    const { table, type } = part;
    if (ready.has(type)) return;
    await setUpTable(session, table, type, setup);
    if (!context.persistent) return;
    const outputs = await session.outputs();
    if (committed.size > 0) assertSameTable(outputs, type, table, key);
    const recorded = outputs.find((output) => output.eventType === type.name);
    if (recorded?.table !== table) {
      await session.saveOutput({ eventType: type.name, table, stale: false });
    }
  }

  /** One transaction that leaves the positions at `target`, unless they are there already. */
  async function transact(
    session: SqlSession<R>,
    taken: PendingRows<R>,
    target: Positions,
  ): Promise<void> {
    if (context.persistent) {
      const checkpoint = await session.checkpoint();
      assertNotFenced(checkpoint, epoch, key);
      const found = checkpoint.positions;
      if (target !== committed && same(found, target)) return;
      if (!same(found, committed)) throw movedByAnother(key, committed, found);
      if (mayHoldStaleRows) {
        const starts = [taken, pending].map(({ ledgers }) => ledgers?.[0] ?? Infinity);
        await deleteStaleRows(session, await session.outputs(), Math.min(...starts));
      }
    }
    for (const part of taken.tables()) {
      await prepare(session, part);
      await session.insert(part.table, part.type, part.rows, config.on_conflict);
    }
    if (context.persistent && target !== committed) {
      await session.savePositions(taken.positions, new Set(committed.keys()), epoch);
    }
  }

  async function writeOut(taken: PendingRows<R>, target: Positions): Promise<void> {
    const parts = taken.tables();
    const scope = { tables: parts.map(({ table }) => table), ledgers: taken.ledgers };
    await guarded(scope, () => store.transaction((session) => transact(session, taken, target)));
    for (const { type } of parts) ready.add(type);
    mayHoldStaleRows = false;
    context.meter.add("rows_written", taken.rows);
  }

  async function flush(): Promise<void> {
    if (pending.positions.size === 0) return;
    const target = new Map([...committed, ...pending.positions]);
    await writeOut(pending, target);
    committed = target;
    pending.clear();
  }

  /**
   * Writes the rows of a batch ahead of the position, which moves at the next commit: a refusal
   * comes while the batch is still with the caller. A crash in between changes nothing in the end,
   * because the rows are written once more by event id.
   */
  async function writeRowsNow(batch: Batch): Promise<void> {
    const alone = collect();
    alone.add(batch);
    if (alone.rows > 0) await writeOut(alone, committed);
    pending.add(withGroups(batch, []));
  }

  return {
    async open() {
      ready = new WeakSet();
      pending.clear();
      committed = await guarded({ tables: [], ledgers: undefined }, async () => {
        await store.open();
        return context.persistent ? await store.transaction(readCheckpoint) : new Map();
      });
      return committed;
    },
    async write(batch: Batch) {
      if (toleratesRefusals) return await writeRowsNow(batch);
      // Before the batch is taken: a failure leaves it with the caller, who may try again. Not
      // within a ledger that comes in parts: its position says that all of it is there.
      const isPart = pending.positions.get(batch.source) === batch.sequence;
      if (pending.bytes >= BUFFER_LIMIT_bytes && !isPart) await flush();
      pending.add(batch);
    },
    async commit() {
      await flush();
      return committed;
    },
    close: () => store.close(),
  };
}

function same(a: Positions, b: Positions): boolean {
  return a.size === b.size && [...a].every(([source, sequence]) => b.get(source) === sequence);
}

function movedByAnother(key: SinkKey, ours: Positions, found: Positions): FlowctlError {
  const text = (positions: Positions) =>
    [...positions].map(([source, sequence]) => `${source} ${sequence}`).join(", ") || "none";
  return new FlowctlError(
    "state/locked",
    `the checkpoint of sink ${key.sink} moved while this run wrote: ` +
      `expected ${text(ours)}, found ${text(found)}`,
    { hint: "Another run of this pipeline writes to the same database: stop one of them." },
  );
}
