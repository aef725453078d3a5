/** The tables that a sink has recorded as its output, against its config and what is there. */

import type { EventType } from "../../events/event-type.ts";
import { FlowctlError } from "../../spec/errors.ts";
import type { LedgerCut, Output, SinkKey, SqlSession } from "./store.ts";

/** Throws when rows up to the checkpoint are in a table that is gone. */
export async function assertOutputsExist<R>(
  session: SqlSession<R>,
  outputs: readonly Output[],
  key: SinkKey,
): Promise<void> {
  for (const { table } of outputs) {
    if (await session.columnsOf(table) !== undefined) continue;
    throw new FlowctlError(
      "state/output-missing",
      `table ${table} of sink ${key.sink} is gone, but its checkpoint is still there`,
      { hint: "Bring the table back, or run with --reset to write it from the start." },
    );
  }
}

/** Throws when rows of this type up to the checkpoint are in another table. */
export function assertSameTable(
  outputs: readonly Output[],
  type: EventType,
  table: string,
  key: SinkKey,
): void {
  const recorded = outputs.find((output) => output.eventType === type.name);
  if (recorded === undefined || recorded.table === table) return;
  throw new FlowctlError(
    "state/config-changed",
    `sink ${key.sink} has written ${type.name} to table ${recorded.table} so far, ` +
      `and its config now says ${table}`,
    {
      hint: `Set table back to ${recorded.table}, give the sink another id, ` +
        "or run with --reset to write the new table from the start.",
    },
  );
}

/** Without a checkpoint a table that is gone is no loss: it will be made again. */
export async function forgetMissingOutputs<R>(
  session: SqlSession<R>,
  outputs: readonly Output[],
): Promise<void> {
  for (const { table, eventType } of outputs) {
    if (await session.columnsOf(table) === undefined) await session.deleteOutput(eventType);
  }
}

/** Forgets where the sink stands; its rows go when it is known where it starts anew. */
export async function resetOutputs<R>(session: SqlSession<R>): Promise<void> {
  await session.deletePositions();
  await forgetMissingOutputs(session, await session.outputs());
  for (const output of await session.outputs()) {
    await session.saveOutput({ ...output, stale: true });
  }
}

/** Columns that hold a row's ledger; an event type without one loses all its rows at a reset. */
const LEDGER_COLUMNS = ["ledger_sequence", "sequence"];

/**
 * Deletes what a reset has left in the recorded tables: rows of the first ledger written now and
 * of later ones. Earlier rows stay, and so does a table that other sinks write to as well: there
 * the rows written now replace the old ones by event id.
 */
export async function deleteStaleRows<R>(
  session: SqlSession<R>,
  outputs: readonly Output[],
  from: number,
): Promise<void> {
  for (const output of outputs.filter(({ stale }) => stale)) {
    if (!await session.sharesTable(output.table)) {
      const columns = await session.columnsOf(output.table) ?? [];
      const column = LEDGER_COLUMNS.find((name) => columns.some((column) => column.name === name));
      const cut: LedgerCut = { column, from };
      if (columns.length > 0) await session.deleteRows(output.table, cut);
    }
    await session.saveOutput({ ...output, stale: false });
  }
}
