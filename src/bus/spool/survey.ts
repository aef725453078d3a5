/** What is in the spools of an agent, without opening them for writing. */

import { readdir, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { FlowctlError, messageOf } from "../../spec/errors.ts";
import { listSegments, removeSegments, scanSegment } from "./folder.ts";

export interface LedgerSpan {
  readonly first: number;
  readonly last: number;
}

export interface SpoolReport {
  /** Name of the edge's stream, and of the spool's folder. */
  readonly edge: string;
  readonly segments: number;
  readonly records: number;
  readonly bytes: number;
  /** Per source. */
  readonly ledgers: ReadonlyMap<string, LedgerSpan>;
  /** What is wrong with it; empty: nothing. */
  readonly damage: readonly string[];
}

/** Throws `bus/spool-unusable` when a folder that exists cannot be read. */
export async function surveySpools(spoolDir: string): Promise<SpoolReport[]> {
  try {
    const entries = await readdir(spoolDir, { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name).sort();
    return await Promise.all(folders.map((edge) => survey(spoolDir, edge)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw new FlowctlError("bus/spool-unusable", `spools in ${spoolDir}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

async function survey(spoolDir: string, edge: string): Promise<SpoolReport> {
  const segments = await listSegments(join(spoolDir, edge));
  const ledgers = new Map<string, LedgerSpan>();
  const damage: string[] = [];
  let records = 0;
  let bytes = 0;
  for (const { path } of segments) {
    const scan = await scanSegment(path);
    if (scan.damage !== undefined) damage.push(`${path}: ${scan.damage}`);
    bytes += scan.bytes;
    records += scan.records.length;
    for (const { message: { source, ledger, kind } } of scan.records) {
      const span = ledgers.get(source);
      if (kind === "batch" && span !== undefined && ledger !== span.last + 1) {
        damage.push(`${path}: ledger ${ledger} of ${source} follows ledger ${span.last}`);
      }
      ledgers.set(source, { first: span?.first ?? ledger, last: ledger });
    }
  }
  return { edge, segments: segments.length, records, bytes, ledgers, damage };
}

/** What was in it; undefined: there is none of that name. */
export async function dropSpool(spoolDir: string, edge: string): Promise<SpoolReport | undefined> {
  const found = (await surveySpools(spoolDir)).find((report) => report.edge === edge);
  if (found === undefined) return undefined;
  await removeSegments(await listSegments(join(spoolDir, edge)));
  await rmdir(join(spoolDir, edge)).catch(() => undefined);
  return found;
}
