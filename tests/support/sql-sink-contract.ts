/** What every database sink must do, whichever the database: one set of tests for all of them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { EventType } from "../../src/events/event-type.ts";
import type { Batch } from "../../src/flow/batch.ts";
import type { Sink, SinkDefinition } from "../../src/flow/component.ts";
import type { ErrorCode } from "../../src/spec/errors.ts";
import { FlowctlError } from "../../src/spec/errors.ts";
import type { OnError } from "../../src/spec/pipeline.ts";
import { sinkContext, testBatch, transferRows, transferType } from "./sink-context.ts";

/** A database of its own. */
export interface SqlTarget {
  readonly config: Record<string, unknown>;
  exec(statements: string): Promise<void>;
  /** Rows as lists of texts, null where NULL. */
  query(statement: string): Promise<readonly (readonly (string | null)[])[]>;
  dispose(): Promise<void>;
}

export interface SqlHarness {
  readonly name: string;
  readonly definition: SinkDefinition;
  target(): Promise<SqlTarget>;
  /** How many random interleavings to try. */
  readonly runs: number;
}

export interface SinkOptions {
  readonly config?: Record<string, unknown>;
  readonly onError?: OnError;
  readonly id?: string;
  readonly reset?: boolean;
  readonly persistent?: boolean;
  readonly epoch?: number;
}

export async function createSink(
  { definition }: Pick<SqlHarness, "definition">,
  target: Pick<SqlTarget, "config">,
  options: SinkOptions = {},
): Promise<Sink> {
  const { id, config, onError, ...flags } = options;
  const context = sinkContext(definition, { ...target.config, ...config }, flags);
  const spec = { ...context.spec, id: id ?? context.spec.id, on_error: onError ?? "stop" };
  return await definition.create({ ...context, spec });
}

export function failsWith(code: ErrorCode, message: RegExp, hint = /./) {
  return (error: unknown) => {
    assert.ok(error instanceof FlowctlError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    assert.match(error.hint ?? "", hint);
    return true;
  };
}

export const transfers = transferType();
const TRANSFERS = `SELECT event_id, CAST(ledger_sequence AS TEXT), CAST(amount AS TEXT), memo
  FROM transfers ORDER BY transfers.ledger_sequence, event_id`;

export function transferBatch(sequence: number, count?: number): Batch {
  return testBatch(sequence, [transfers, transferRows(sequence, count)]);
}

export function expectedTransfers(first: number, last: number): (string | null)[][] {
  const rows: (string | null)[][] = [];
  for (let sequence = first; sequence <= last; sequence++) {
    for (const row of transferRows(sequence)) {
      rows.push(Object.values(row).map((value) => value === null ? null : String(value)));
    }
  }
  return rows;
}

export function readTransfers(target: SqlTarget) {
  return target.query(TRANSFERS);
}

async function writeRange(sink: Sink, first: number, last: number): Promise<void> {
  for (let sequence = first; sequence <= last; sequence++) {
    await sink.write(transferBatch(sequence));
  }
}

/** Registers the tests. */
export function sqlSinkContract(harness: SqlHarness): void {
  const it = (what: string, body: (target: SqlTarget) => Promise<void>) =>
    test(`${harness.name}: ${what}`, async () => {
      const target = await harness.target();
      try {
        await body(target);
      } finally {
        await target.dispose();
      }
    });
  const create = (target: SqlTarget, options?: SinkOptions) => createSink(harness, target, options);
  /** Writes the ledgers with a sink of its own, commits and closes. */
  async function run(target: SqlTarget, first: number, last: number, options?: SinkOptions) {
    const sink = await create(target, options);
    try {
      const positions = await sink.open();
      await writeRange(sink, first, last);
      await sink.commit("final");
      return positions;
    } finally {
      await sink.close();
    }
  }

  it("a sink that another epoch has taken over writes nothing any more", async (target) => {
    await run(target, 1, 3, { epoch: 4 });
    const old = await create(target, { epoch: 4 });
    await old.open();
    await writeRange(old, 4, 6);
    const successor = await create(target, { epoch: 7 });
    assert.deepEqual(await successor.open(), new Map([["lake", 3]]));
    // The successor has written nothing yet, and still the old one is shut out.
    await assert.rejects(async () => old.commit("interval"), failsWith("sink/fenced", /epoch 7/));
    await old.close();
    assert.deepEqual(await readTransfers(target), expectedTransfers(1, 3));
    await writeRange(successor, 4, 5);
    assert.deepEqual(await successor.commit("interval"), new Map([["lake", 5]]));
    await successor.close();
    const late = await create(target, { epoch: 6 });
    await assert.rejects(async () => late.open(), failsWith("sink/fenced", /epoch 7/));
    await late.close();
    assert.deepEqual(await readTransfers(target), expectedTransfers(1, 5));
  });

  it("a commit makes rows and position durable, and nothing is before it", async (target) => {
    const sink = await create(target);
    assert.deepEqual(await sink.open(), new Map());
    await writeRange(sink, 1, 4);
    assert.deepEqual(await sink.commit("interval"), new Map([["lake", 4]]));
    assert.deepEqual(await readTransfers(target), expectedTransfers(1, 4));
    await writeRange(sink, 5, 9);
    await sink.close();
    const again = await create(target);
    assert.deepEqual(await again.open(), new Map([["lake", 4]]));
    await again.close();
    assert.deepEqual(await readTransfers(target), expectedTransfers(1, 4));
  });

  it("ledgers without rows move the position, each source's own", async (target) => {
    const sink = await create(target);
    await sink.open();
    await sink.write(testBatch(7));
    await sink.write({ ...testBatch(3), source: "other" });
    const positions = new Map([["lake", 7], ["other", 3]]);
    assert.deepEqual(await sink.commit("interval"), positions);
    await sink.write({ ...testBatch(4), source: "other" });
    await sink.commit("final");
    await sink.close();
    const again = await create(target);
    assert.deepEqual(await again.open(), new Map([["lake", 7], ["other", 4]]));
    await again.close();
  });

  it("abandoned at any point and resumed, it holds what an undisturbed run holds", async () => {
    const last = 30;
    const step = fc.constantFrom("write", "write", "write", "commit", "abandon");
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const target = await harness.target();
        try {
          let sink = await create(target);
          let next = ((await sink.open()).get("lake") ?? 0) + 1;
          for (const step of steps) {
            if (step === "commit") await sink.commit("interval");
            if (step === "write" && next <= last) await sink.write(transferBatch(next++));
            if (step !== "abandon") continue;
            await sink.close();
            sink = await create(target);
            next = ((await sink.open()).get("lake") ?? 0) + 1;
          }
          await writeRange(sink, next, last);
          await sink.commit("final");
          await sink.close();
          assert.deepEqual(await readTransfers(target), expectedTransfers(1, last));
        } finally {
          await target.dispose();
        }
      }),
      { numRuns: harness.runs },
    );
  });

  it("an event that is there already is replaced, or left as it is", async (target) => {
    await run(target, 1, 5);
    const amount = (value: string) => [{ ...transferRows(3)[0], amount: value }];
    for (
      const [onConflict, value, expected] of [
        ["update", "77.5", "77.5"],
        ["ignore", "88.5", "77.5"],
      ] as const
    ) {
      const sink = await create(target, { config: { on_conflict: onConflict }, id: onConflict });
      await sink.open();
      await sink.write(testBatch(3, [transfers, amount(value)]));
      await sink.commit("final");
      await sink.close();
      const rows = await readTransfers(target);
      assert.equal(rows.length, expectedTransfers(1, 5).length);
      assert.equal(rows.find(([id]) => id === "test-3-0")?.[2], expected);
    }
  });

  it("an event twice in a transaction is one row", async (target) => {
    const sink = await create(target);
    await sink.open();
    const rows = transferRows(4, 3);
    const changed = rows.map((row) => ({ ...row, amount: "9" }));
    await sink.write(testBatch(4, [transfers, rows], [transfers, changed]));
    await sink.commit("final");
    await sink.close();
    assert.deepEqual((await readTransfers(target)).map((row) => row[2]), ["9", "9", "9"]);
  });

  it("each event type has a table; two do not share one", async (target) => {
    const others = transferType("others");
    const batch = testBatch(2, [transfers, transferRows(2)], [others, transferRows(2)]);
    const sink = await create(target);
    await sink.open();
    await sink.write(batch);
    await sink.commit("final");
    await sink.close();
    assert.deepEqual(await target.query("SELECT event_id FROM others ORDER BY 1"), [
      ["test-2-0"],
      ["test-2-1"],
      ["test-2-2"],
      ["test-2-3"],
    ]);
    const fixed = await create(target, { config: { table: "all_events" }, id: "fixed" });
    await fixed.open();
    await assert.rejects(
      async () => await fixed.write(batch),
      failsWith("sink/schema-mismatch", /test\.transfers\.v1.*test\.others\.v1/, /\{table\}/),
    );
    await fixed.close();
  });

  it("a table that is gone while its checkpoint is there is an error", async (target) => {
    await run(target, 1, 5);
    await target.exec("DROP TABLE transfers");
    await assert.rejects(
      () => run(target, 6, 9),
      failsWith("state/output-missing", /table transfers of sink/, /--reset/),
    );
    assert.deepEqual(await run(target, 1, 9, { reset: true }), new Map());
    assert.deepEqual(await readTransfers(target), expectedTransfers(1, 9));
  });

  it("another table in the config is an error while the old one has the rows", async (target) => {
    await run(target, 1, 5);
    const config = { table: "renamed" };
    await assert.rejects(
      () => run(target, 6, 9, { config }),
      failsWith("state/config-changed", /table transfers so far.*renamed/, /--reset/),
    );
    await run(target, 6, 9);
    assert.deepEqual(await readTransfers(target), expectedTransfers(1, 9));
  });

  it("a reset forgets the position and the rows from the new start on", async (target) => {
    await run(target, 1, 9);
    await target.exec("UPDATE transfers SET memo = 'old'");
    const sink = await create(target, { reset: true });
    assert.deepEqual(await sink.open(), new Map());
    await sink.close();
    // The reset and the first write may lie in two processes.
    assert.deepEqual(await run(target, 6, 6), new Map());
    const rows = await readTransfers(target);
    const old = expectedTransfers(1, 5).map((row) => [...row.slice(0, 3), "old"]);
    assert.deepEqual(rows, [...old, ...expectedTransfers(6, 6)]);
  });

  it("a reset leaves the rows of a table that another sink writes to", async (target) => {
    await run(target, 1, 4);
    await run(target, 5, 9, { id: "second" });
    await run(target, 1, 2, { id: "second", reset: true });
    assert.deepEqual(await readTransfers(target), expectedTransfers(1, 9));
  });

  it("columns that a table lacks are named with what to run, or added", async (target) => {
    await target.exec(
      "CREATE TABLE transfers (event_id TEXT PRIMARY KEY, amount TEXT, note TEXT)",
    );
    const mismatch = failsWith(
      "sink/schema-mismatch",
      /lacks columns .*: ledger_sequence, memo$/,
      /ALTER TABLE .*transfers.* ADD COLUMN .*memo.* auto_migrate: true/,
    );
    await assert.rejects(() => run(target, 1, 5), mismatch);
    await run(target, 1, 5, { config: { auto_migrate: true } });
    assert.deepEqual(await readTransfers(target), expectedTransfers(1, 5));
    await target.exec(
      "CREATE TABLE strict (event_id TEXT PRIMARY KEY, ledger_sequence INTEGER, " +
        "amount TEXT, memo TEXT, note TEXT NOT NULL)",
    );
    await assert.rejects(
      () => run(target, 1, 5, { config: { table: "strict" }, id: "strict" }),
      failsWith("sink/schema-mismatch", /strict demands .*: note$/, /default/),
    );
  });

  it("a table without a key on the event id is an error that says so", async (target) => {
    await target.exec(
      "CREATE TABLE transfers (event_id TEXT, ledger_sequence INTEGER, amount TEXT, memo TEXT)",
    );
    await assert.rejects(
      () => run(target, 1, 5),
      (error: unknown) => error instanceof FlowctlError && /key/.test(error.hint ?? ""),
    );
  });

  it("a run that another one overtook stops", async (target) => {
    await run(target, 1, 2);
    const sink = await create(target);
    await sink.open();
    await run(target, 3, 6);
    await writeRange(sink, 3, 4);
    await assert.rejects(
      () => sink.commit("interval"),
      failsWith("state/locked", /expected lake 2, found lake 6/, /Another run/),
    );
    await sink.close();
    assert.deepEqual(await readTransfers(target), expectedTransfers(1, 6));
  });

  it("a refused event is told while its ledger is written, where it can be set aside", async (target) => {
    await run(target, 1, 1);
    await target.exec("CREATE UNIQUE INDEX one_memo ON transfers (memo)");
    const sink = await create(target, { onError: "dead_letter" });
    await sink.open();
    const [first, second] = transferRows(3, 2).map((row) => ({ ...row, memo: "same" }));
    assert.ok(first && second);
    await sink.write(testBatch(2));
    await assert.rejects(
      async () => await sink.write(testBatch(3, [transfers, [first, second]])),
      failsWith("sink/rejected", /table transfers; ledger 3\)/),
    );
    await sink.write(testBatch(3, [transfers, [first]]));
    await assert.rejects(async () => await sink.write(testBatch(3, [transfers, [second]])));
    await sink.write(testBatch(3, [transfers, []]));
    assert.deepEqual(await sink.commit("interval"), new Map([["lake", 3]]));
    await sink.close();
    const ids = (await readTransfers(target)).map(([id]) => id);
    assert.deepEqual(ids, [...expectedTransfers(1, 1).map(([id]) => id), "test-3-0"]);
  });

  it("a ledger that comes in parts is committed whole, however large", async (target) => {
    const sink = await create(target);
    await sink.open();
    const memo = "m".repeat(1024 * 1024);
    const rows = transferRows(2, 36).map((row) => ({ ...row, memo }));
    await sink.write(testBatch(1, [transfers, transferRows(1)]));
    for (const row of rows) await sink.write(testBatch(2, [transfers, [row]]));
    // Above the limit: the next ledger makes the sink write what it has.
    await sink.close();
    const again = await create(target);
    assert.deepEqual(await again.open(), new Map());
    for (const row of rows) await again.write(testBatch(2, [transfers, [row]]));
    await again.write(testBatch(3, [transfers, transferRows(3)]));
    await again.close();
    const third = await create(target);
    assert.deepEqual(await third.open(), new Map([["lake", 2]]));
    await third.close();
    assert.equal((await readTransfers(target)).length, rows.length);
  });

  it("two sinks fill one database at the same time", async (target) => {
    const others = transferType("others");
    const range = async (sink: Sink, type: EventType) => {
      for (let sequence = 1; sequence <= 40; sequence++) {
        await sink.write(testBatch(sequence, [type, transferRows(sequence)]));
        if (sequence % 3 === 0) await sink.commit("interval");
      }
      await sink.commit("final");
      await sink.close();
    };
    const sinks = await Promise.all(["a", "b"].map((id) => create(target, { id })));
    await Promise.all(sinks.map((sink) => sink.open()));
    const [a, b] = sinks;
    assert.ok(a && b);
    await Promise.all([range(a, transfers), range(b, others)]);
    assert.deepEqual(await readTransfers(target), expectedTransfers(1, 40));
    const [[count] = []] = await target.query("SELECT CAST(count(*) AS TEXT) FROM others");
    assert.equal(count, String(expectedTransfers(1, 40).length));
  });

  it("without persistence no checkpoint is kept, and rows are not doubled", async (target) => {
    await run(target, 1, 5, { persistent: false });
    assert.deepEqual(await run(target, 1, 9, { persistent: false }), new Map());
    assert.deepEqual(await readTransfers(target), expectedTransfers(1, 9));
    await assert.rejects(() => target.query("SELECT 1 FROM _flowctl_checkpoints"));
  });

  it("a table of flowctl's own, or one without a name, is refused", async (target) => {
    for (const table of ["_flowctl_checkpoints", ""]) {
      const sink = await create(target, { config: { table } });
      await sink.open();
      await assert.rejects(
        async () => await sink.write(transferBatch(2)),
        failsWith("spec/invalid", /table/),
      );
      await sink.close();
    }
  });

  it("a value that its column cannot hold names column and event; nothing is taken", async (target) => {
    const sink = await create(target);
    await sink.open();
    const rows = transferRows(2, 3);
    const bad = [...rows.slice(0, 2), { ...rows[2], ledger_sequence: 2n ** 63n }];
    await assert.rejects(
      async () => await sink.write(testBatch(2, [transfers, bad])),
      (error: unknown) =>
        error instanceof FlowctlError && error.code === "sink/value-out-of-range" &&
        /column ledger_sequence \(int64\) of event test-2-2 cannot hold/.test(error.message),
    );
    const empty = [{ ...rows[0], ledger_sequence: null }];
    await assert.rejects(
      async () => await sink.write(testBatch(2, [transfers, empty])),
      /column ledger_sequence \(int64\) of event test-2-0 is empty/,
    );
    await sink.write(testBatch(2, [transfers, rows.slice(0, 1)]));
    await sink.commit("final");
    await sink.close();
    assert.deepEqual((await readTransfers(target)).map(([id]) => id), ["test-2-0"]);
  });
}
