/** Whole runs over lakes: real ledgers to rows, and lakes that are damaged under way. */

import assert from "node:assert/strict";
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import test from "node:test";
import { gunzipSync } from "node:zlib";
import { parseJsonExactly } from "../src/events/exact-json.ts";
import type { Json } from "../src/flow/batch.ts";
import { openStore } from "../src/objects/open-store.ts";
import { flowctl } from "./support/flowctl.ts";
import { SYNTHETIC_NETWORK, syntheticLedgers, writeLake } from "./support/lake.ts";
import { sharedPath, skip, why } from "./support/shared.ts";
import { onSmallDisk, smallDiskMissing } from "./support/small-disk.ts";
import { temporaryFolder } from "./support/temporary.ts";

/** Go prints amounts as floats. */
const TOLERANCE = 1e-9;
const FIRST = 2;
const LEDGERS = 12;

type Line = Readonly<Record<string, Json>>;

/** The pipeline that the issue shows, into every kind of local sink. JSON is YAML. */
function pipelineFile(source: Record<string, unknown>, sinks: readonly unknown[]): string {
  return JSON.stringify({
    apiVersion: "flowctl/v1",
    kind: "Pipeline",
    metadata: { name: "lake" },
    spec: {
      sources: [{ id: "lake", type: "galexie", retry_policy: { max_retries: 0 }, config: source }],
      processors: [
        { id: "transfers", type: "token-transfer", inputs: ["lake"] },
        {
          id: "events",
          type: "contract-events",
          inputs: ["lake"],
          // Hubble's table has them, after the others.
          config: { diagnostic_events: true },
        },
      ],
      sinks,
    },
  });
}

function linesOf(text: string): Line[] {
  return text.trimEnd().split("\n").map((line) => parseJsonExactly(line) as Line);
}

function golden(table: string): Line[] {
  const path = sharedPath("ledgers", "golden", "pubnet-lake", `${table}.jsonl.gz`);
  return linesOf(gunzipSync(readFileSync(path)).toString("utf8"));
}

/** Every column that the golden rows have, in order; ours may have more. */
function assertRows(
  ours: readonly Line[],
  expected: readonly Line[],
) {
  assert.equal(ours.length, expected.length);
  expected.forEach((row, index) => {
    for (const [column, value] of Object.entries(row)) {
      const found = ours[index]?.[column];
      const where = `row ${index}, ${column}`;
      if (column === "amount" && value !== null) {
        assert.ok(
          Math.abs(Number(found) - Number(value)) <= TOLERANCE * Math.abs(Number(value)),
          where,
        );
      } else if (column === "closed_at") {
        assert.equal(Date.parse(String(found)), Date.parse(String(value)), where);
      } else assert.deepEqual(found, value, where);
    }
  });
}

test(
  `mainnet ledgers from a lake come out as Hubble's rows, in every sink${why}`,
  { skip },
  async () => {
    using folder = temporaryFolder();
    const source = {
      url: sharedPath("ledgers", "pubnet-lake"),
      network: "pubnet",
      start_ledger: 63092982,
      end_ledger: 63092991,
    };
    const both = ["transfers", "events"];
    writeFileSync(
      join(folder.path, "p.yaml"),
      pipelineFile(source, [
        {
          id: "rows",
          type: "jsonl",
          inputs: ["transfers"],
          config: { path: "out/transfers.jsonl" },
        },
        { id: "more", type: "jsonl", inputs: ["events"], config: { path: "out/events.jsonl" } },
        {
          id: "db",
          type: "sqlite",
          inputs: both,
          config: { path: "out/flow.db", table: "{table}" },
        },
      ]),
    );
    const done = await flowctl(["run", "p.yaml"], { cwd: folder.path });
    assert.equal(done.status, 0, done.stderr);
    const out = (name: string): Line[] =>
      linesOf(readFileSync(join(folder.path, "out", name), "utf8"));
    assertRows(out("transfers.jsonl"), golden("token_transfers"));
    const events = golden("contract_events");
    assertRows(out("events.jsonl"), events);
    const database = new DatabaseSync(join(folder.path, "out/flow.db"), { readOnly: true });
    for (
      const [table, rows] of [["token_transfers", out("transfers.jsonl")], [
        "contract_events",
        events,
      ]] as const
    ) {
      const count = database.prepare(`SELECT count(*) AS n FROM ${table}`).get();
      assert.equal(count?.["n"], rows.length, table);
    }
    database.close();
  },
);

interface Damage {
  readonly what: string;
  /** Ledger whose object is damaged. */
  readonly ledger: number;
  readonly damage: (object: string, other: string) => void;
  readonly message: RegExp;
}

const DAMAGES: readonly Damage[] = [
  {
    what: "truncated",
    ledger: 7,
    damage: (object) => writeFileSync(object, readFileSync(object).subarray(0, 200)),
    message: /^error: .*ledger 7\b.*$/m,
  },
  {
    what: "bit-flipped",
    ledger: 8,
    damage: (object) => {
      const bytes = readFileSync(object);
      const at = Math.floor(bytes.length / 2);
      bytes[at] = (bytes[at] ?? 0) ^ 4;
      writeFileSync(object, bytes);
    },
    message: /^error: .*ledger 8\b.*$/m,
  },
  {
    what: "missing",
    ledger: 9,
    damage: (object) => rmSync(object),
    message: /^error: .*ledger 9\b.*$/m,
  },
  {
    what: "holding another ledger",
    ledger: 10,
    damage: (object, other) => copyFileSync(other, object),
    message: /^error: .*ledger.* 10\b.*$/m,
  },
];

for (const { what, ledger, damage, message } of DAMAGES) {
  test(`a lake object ${what}: an error that names ledger and key; mended, the run goes on`, async () => {
    using folder = temporaryFolder();
    const lake = join(folder.path, "lake");
    await writeLake(openStore(lake), syntheticLedgers(FIRST, LEDGERS));
    const source = { url: "lake", start_ledger: FIRST, end_ledger: FIRST + LEDGERS - 1 };
    const sink = {
      id: "rows",
      type: "jsonl",
      inputs: ["transfers"],
      config: { path: "rows.jsonl" },
    };
    const rest = { id: "rest", type: "jsonl", inputs: ["events"], config: { path: "rest.jsonl" } };
    writeFileSync(join(folder.path, "p.yaml"), pipelineFile(source, [sink, rest]));
    const object = objectOf(lake, ledger);
    const whole = readFileSync(object);
    damage(object, objectOf(lake, ledger + 1));

    const failed = await flowctl(["run", "p.yaml"], { cwd: folder.path });
    assert.equal(failed.status, 1, failed.stderr);
    assert.match(failed.stderr, message);
    assert.match(failed.stderr, /[0-9A-F]{8}--\d+\.xdr\.zst/, "it names the object");
    assert.doesNotMatch(failed.stderr, /^\s+at /m);

    writeFileSync(object, whole);
    const mended = await flowctl(["run", "p.yaml"], { cwd: folder.path });
    assert.equal(mended.status, 0, mended.stderr);
    const afresh = await flowctl(
      [
        "run",
        "p.yaml",
        "--no-persistence",
        "--set",
        "rows.path=afresh.jsonl",
        "--set",
        "rest.path=x.jsonl",
      ],
      { cwd: folder.path },
    );
    assert.equal(afresh.status, 0, afresh.stderr);
    assert.equal(
      readFileSync(join(folder.path, "rows.jsonl"), "utf8"),
      readFileSync(join(folder.path, "afresh.jsonl"), "utf8"),
    );
  });
}

const DISK_bytes = 400_000;

const noDisk = smallDiskMissing === false ? "" : ` (skipped: ${smallDiskMissing})`;
test(`a full disk: an error, nothing lost, and with room the run goes on${noDisk}`, {
  skip: smallDiskMissing !== false,
}, async () => {
  using folder = temporaryFolder();
  const network = { ledgers: 60, transactions_per_ledger: 30 };
  const rows = {
    id: "rows",
    type: "jsonl",
    inputs: ["network"],
    retry_policy: { max_retries: 0 },
    config: { path: "rows.jsonl" },
  };
  const pipeline = {
    apiVersion: "flowctl/v1",
    kind: "Pipeline",
    metadata: { name: "disk" },
    spec: { sources: [{ id: "network", type: "sandbox", config: network }], sinks: [rows] },
  };
  writeFileSync(join(folder.path, "p.yaml"), JSON.stringify(pipeline));
  const run = (path: string, state: string) =>
    flowctl(["run", "p.yaml", "--state-dir", state, "--set", `rows.path=${path}`], {
      cwd: folder.path,
    });
  const whole = await run("rows.jsonl", "whole");
  assert.equal(whole.status, 0, whole.stderr);
  await onSmallDisk(DISK_bytes, async (disk) => {
    const path = join(disk, "rows.jsonl");
    // What takes the room away, and gives it back.
    writeFileSync(join(disk, "ballast"), new Uint8Array(DISK_bytes / 2));
    const short = ["--to", "4"];
    const full = await run(path, "state");
    assert.equal(full.status, 1, full.stderr);
    assert.match(full.stderr, /no space|disk is full/i);
    assert.doesNotMatch(full.stderr, /^\s+at /m);
    rmSync(join(disk, "ballast"));
    const some = await flowctl(
      ["run", "p.yaml", "--state-dir", "state", "--set", `rows.path=${path}`, ...short],
      { cwd: folder.path },
    );
    assert.equal(some.status, 0, some.stderr);
    const written = readFileSync(path, "utf8");
    assert.ok(
      written.length > 0 &&
        readFileSync(join(folder.path, "rows.jsonl"), "utf8").startsWith(written),
    );
  });
});

function objectOf(lake: string, ledger: number): string {
  const names = readdirSync(lake, { recursive: true, encoding: "utf8" });
  const name = names.find((one) => one.endsWith(`--${ledger}.xdr.zst`));
  assert.ok(name !== undefined, `${SYNTHETIC_NETWORK}: ledger ${ledger} is in the lake`);
  return join(lake, name);
}
