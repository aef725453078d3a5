/**
 * Kills a run at a random instant, lets it go on, and compares what the sink finally holds with
 * what an undisturbed run leaves.
 */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { openStore } from "../../src/objects/open-store.ts";
import { flowctl, startFlowctl } from "./flowctl.ts";
import { syntheticLedgers, writeLake } from "./lake.ts";
import { postgresServer } from "./postgres.ts";

/** `workers`: into JSON lines, from a lake and by worker threads. */
export const CHAOS_SINKS = ["jsonl", "parquet", "sqlite", "postgres", "workers"] as const;
export type ChaosSink = (typeof CHAOS_SINKS)[number];

/** A run is this many ledgers long, and paced, so that it lasts long enough to be hit anywhere. */
const LEDGERS = 90;
const LEDGERS_PER_SECOND = 200;
/** A lake has no pace: this many take threads a second or two. */
const LAKE_FIRST = 2;
const LAKE_LAST = 1_501;
/** Kills come this much past the length of an undisturbed run at most: also at its very end. */
const OVERSHOOT = 1.05;
const MAX_KILLS_PER_RUN = 3;

/** Assets come once in a run: the memory of which have come is part of the checkpoint. */
const TABLES = ["token_transfers", "contract_events", "assets"] as const;

export interface ChaosResult {
  readonly kills_ms: readonly number[];
  /** Kills that hit a living process. */
  readonly hits: number;
  readonly same: boolean;
  /** What differs, or how the last run failed; empty when all is well. */
  readonly detail: string;
}

export interface ChaosSubject {
  readonly sink: ChaosSink;
  /** Output of the undisturbed run, by file or table. */
  readonly expected: ReadonlyMap<string, string>;
  readonly undisturbed_ms: number;
  /** One run, killed once or more, in a folder of its own below `folder`. */
  disturb(name: string, random: () => number): Promise<ChaosResult>;
}

/** Makes the undisturbed run to which the others are compared. */
export async function chaosSubject(sink: ChaosSink, folder: string): Promise<ChaosSubject> {
  const lake = join(folder, "lake");
  if (sink === "workers") {
    const ledgers = syntheticLedgers(LAKE_FIRST, LAKE_LAST - LAKE_FIRST + 1, 4);
    await writeLake(openStore(lake), ledgers);
  }
  const site = (name: string) => prepare(sink, join(folder, `${sink}-${name}`), lake);
  const { expected, undisturbed_ms } = await undisturbed(site);
  return {
    sink,
    expected,
    undisturbed_ms,
    disturb: async (name, random) => {
      const { args, ...at } = await site(name);
      const kills_ms = Array.from(
        { length: 1 + Math.floor(random() * MAX_KILLS_PER_RUN) },
        () => random() * undisturbed_ms * OVERSHOOT,
      );
      let hits = 0;
      for (const kill_ms of kills_ms) {
        const { child, finished } = startFlowctl(args, { cwd: at.folder });
        await Promise.race([sleep(kill_ms), finished]);
        if (child.kill("SIGKILL")) hits += 1;
        await finished;
      }
      const last = await flowctl(args, { cwd: at.folder });
      if (last.status !== 0) {
        return { kills_ms, hits, same: false, detail: `the resumed run failed: ${last.stderr}` };
      }
      const detail = difference(expected, await at.content());
      return { kills_ms, hits, same: detail === "", detail };
    },
  };
}

/**
 * Two runs, which must leave the same; the shorter one says when kills come, so that a moment in
 * which the machine was busy does not make them all miss.
 */
async function undisturbed(
  prepared: (name: string) => Promise<Site>,
): Promise<Pick<ChaosSubject, "expected" | "undisturbed_ms">> {
  const runs = [];
  for (const name of ["undisturbed", "undisturbed-again"]) {
    const site = await prepared(name);
    const { status, stderr, elapsed_ms } = await flowctl(site.args, { cwd: site.folder });
    if (status !== 0) throw new Error(`the undisturbed run failed: ${stderr}`);
    runs.push({ content: await site.content(), elapsed_ms });
  }
  const [expected = new Map<string, string>(), again = new Map<string, string>()] = runs.map(
    ({ content }) => content,
  );
  const detail = difference(expected, again);
  if (detail !== "") throw new Error(`two undisturbed runs differ: ${detail}`);
  return { expected, undisturbed_ms: Math.min(...runs.map(({ elapsed_ms }) => elapsed_ms)) };
}

interface Site {
  readonly folder: string;
  readonly args: readonly string[];
  content(): Promise<ReadonlyMap<string, string>>;
}

async function prepare(sink: ChaosSink, folder: string, lake: string): Promise<Site> {
  mkdirSync(folder, { recursive: true });
  const database = sink === "postgres" ? (await postgresServer()).createDatabase() : "";
  writeFileSync(join(folder, "pipeline.yaml"), pipelineFile(sink, database, lake));
  const workers = sink === "workers" ? "2" : "auto";
  const out = join(folder, "out");
  return {
    folder,
    args: ["--log-level", "warn", "run", "pipeline.yaml", "--workers", workers],
    content: async () => {
      if (sink === "sqlite") return sqliteContent(join(out, "flow.db"));
      if (sink === "postgres") return await postgresContent(database);
      return fileContent(out);
    },
  };
}

function pipelineFile(sink: ChaosSink, database: string, lake: string): string {
  const config: Record<ChaosSink, Record<string, unknown>> = {
    jsonl: { path: "out/{table}.jsonl" },
    workers: { path: "out/{table}.jsonl" },
    // So small that row groups wait on disk for their file's end.
    parquet: { path: "out/{table}", ledgers_per_file: 10, buffer_bytes: "16KiB" },
    sqlite: { path: "out/flow.db", table: "{table}" },
    postgres: { connection_string: database, table: "{table}" },
  };
  const ledgers = { start_ledger: 2, end_ledger: LEDGERS + 1, pace: LEDGERS_PER_SECOND };
  const source = sink === "workers"
    ? { type: "galexie", config: { url: lake, start_ledger: LAKE_FIRST, end_ledger: LAKE_LAST } }
    : { type: "sandbox", config: { ...ledgers, transactions_per_ledger: 8 } };
  // JSON is YAML.
  return JSON.stringify({
    apiVersion: "flowctl/v1",
    kind: "Pipeline",
    metadata: { name: `chaos-${sink}` },
    spec: {
      sources: [{ id: "ledgers", ...source }],
      processors: [
        { id: "transfers", type: "token-transfer", inputs: ["ledgers"] },
        { id: "events", type: "contract-events", inputs: ["ledgers"] },
        { id: "assets", type: "assets", inputs: ["ledgers"] },
      ],
      sinks: [{
        id: "out",
        type: sink === "workers" ? "jsonl" : sink,
        inputs: ["transfers", "events", "assets"],
        config: config[sink],
      }],
    },
  });
}

/** Every file below the folder, byte for byte, what is left over included. */
function fileContent(folder: string): ReadonlyMap<string, string> {
  const names = existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: "utf8" })
    : [];
  return new Map(
    names.filter((name) => statSync(join(folder, name)).isFile()).sort().map((name) => {
      const content = readFileSync(join(folder, name));
      return [name, `${content.length} bytes, ${digest(content)}`];
    }),
  );
}

function sqliteContent(path: string): ReadonlyMap<string, string> {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return new Map(TABLES.map((table) => {
      const statement = database.prepare(`SELECT * FROM ${table} ORDER BY event_id`);
      statement.setReadBigInts(true);
      const rows = statement.all();
      const text = rows.map((row) => Object.values(row).map(String).join("\t")).join("\n");
      return [table, `${rows.length} rows, ${digest(text)}`];
    }));
  } finally {
    database.close();
  }
}

async function postgresContent(database: string): Promise<ReadonlyMap<string, string>> {
  const server = await postgresServer();
  const name = new URL(database).pathname.slice(1);
  return new Map(TABLES.map((table) => {
    const rows =
      `SELECT count(*) || ' rows, ' || md5(string_agg(t::text, E'\\n' ORDER BY event_id))`;
    return [table, server.psql(`${rows} FROM ${table} t`, name)];
  }));
}

function digest(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex").slice(0, 16);
}

function difference(
  expected: ReadonlyMap<string, string>,
  found: ReadonlyMap<string, string>,
): string {
  const names = [...new Set([...expected.keys(), ...found.keys()])];
  return names.filter((name) => expected.get(name) !== found.get(name))
    .map((name) =>
      `${name}: ${found.get(name) ?? "missing"}, expected ${expected.get(name) ?? "nothing"}`
    )
    .join("; ");
}
