/**
 * Shows what the quickstart wrote: rows of each output and the first of them. It fails when an
 * output is missing or empty, so that CI can use it.
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { zstdDecompressSync } from "node:zlib";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";

interface Output {
  readonly what: string;
  readonly rows: number;
  /** One that says something. */
  readonly sample: Row | undefined;
}

type Row = Readonly<Record<string, unknown>>;

const SHOWN_WIDTH = 110;
const SAMPLED_ROWS = 500;
const compressors = { ZSTD: (bytes: Uint8Array): Uint8Array => zstdDecompressSync(bytes) };
const [folder = "out"] = process.argv.slice(2);

const outputs = [
  jsonLines(join(folder, "token_transfers.jsonl")),
  ...databaseTables(join(folder, "flow.db"), ["token_transfers", "contract_events"]),
  await parquetFiles(join(folder, "contract_events")),
];
for (const output of outputs) {
  console.log(`${output.what}: ${output.rows} rows`);
  if (output.sample !== undefined) console.log(`  ${brief(output.sample)}`);
}
if (outputs.some(({ rows }) => rows === 0)) {
  console.error("error: an output is empty");
  process.exit(1);
}

function jsonLines(path: string): Output {
  const lines = readFileSync(path, "utf8").split("\n").filter((line) => line !== "");
  return {
    what: path,
    rows: lines.length,
    sample: sampleOf(lines.map((line) => JSON.parse(line))),
  };
}

/** A payment in an asset that somebody issued, rather than the fees that come first. */
function sampleOf(rows: readonly Row[]): Row | undefined {
  return rows.find((row) => row["event_topic"] === "transfer" && row["asset_code"] !== null) ??
    rows[0];
}

function databaseTables(path: string, tables: readonly string[]): Output[] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return tables.map((table) => {
      const count = database.prepare(`SELECT count(*) AS rows FROM ${table}`).get();
      const statement = database.prepare(`SELECT * FROM ${table} LIMIT ${SAMPLED_ROWS}`);
      statement.setReadBigInts(true);
      return {
        what: `${path}, table ${table}`,
        rows: Number(count?.["rows"] ?? 0),
        sample: sampleOf(statement.all()),
      };
    });
  } finally {
    database.close();
  }
}

async function parquetFiles(path: string): Promise<Output> {
  const files = readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".parquet")).sort();
  let rows = 0;
  let sample: Row | undefined;
  for (const name of files) {
    const file = await asyncBufferFromFile(join(path, name));
    rows += Number((await parquetMetadataAsync(file)).num_rows);
    sample ??= sampleOf(
      await parquetReadObjects({ file, rowStart: 0, rowEnd: SAMPLED_ROWS, compressors }),
    );
  }
  return { what: `${path}, ${files.length} Parquet files`, rows, sample };
}

/** The columns that say most, as far as one line goes. */
function brief(row: Row): string {
  const wanted = [
    "ledger_sequence",
    "event_topic",
    "amount",
    "asset_code",
    "from",
    "to",
    "topics_decoded",
    "data_decoded",
  ];
  const shown = wanted.filter((column) => row[column] !== undefined && row[column] !== null)
    .map((column) => `${column}=${shortened(textOf(row[column]))}`);
  return shown.join(" ").slice(0, SHOWN_WIDTH);
}

function textOf(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Accounts and contracts are 56 letters; their ends tell them apart. */
function shortened(text: string): string {
  return text.replace(/\b([GC][A-Z2-7]{3})[A-Z2-7]{48}([A-Z2-7]{4})\b/g, "$1…$2");
}
