/**
 * Where files end. A cut is always between two ledgers, goes through the files of all tables at
 * once, and depends on the ledgers alone: never on the time of day or on how often commits are made.
 */

import type { BatchKey } from "../../flow/batch.ts";
import type { Config } from "../../gen/config/parquet.ts";

/** Used when the config limits neither ledgers nor rows nor time. */
export const DEFAULT_LEDGERS_PER_FILE = 1000;

/**
 * A file covers no more than this even if rows alone are limited, so that the checkpoint goes on
 * where a filter lets nothing through.
 */
export const MAX_LEDGERS_PER_FILE = 100_000;

export interface Cuts {
  /** Ledgers with another window than the open files' do not go into these. */
  windowOf(batch: BatchKey): string;
  /** True when files that hold this much end with the last ledger that they have. */
  endAfter(files: { last: number; mostRows: number; encoded_bytes: number }): boolean;
}

type CutConfig = Pick<
  Config,
  | "ledgers_per_file"
  | "rows_per_file"
  | "bytes_per_file"
  | "rotate"
  | "partition_by"
  | "ledgers_per_partition"
>;

export function createCuts(config: CutConfig): Cuts {
  const ledgers = ledgersPerFile(config);
  const folderOf = createPartitions(config);
  return {
    windowOf(batch) {
      const span = config.rotate === undefined
        ? 0
        : Math.floor(batch.closedAt.getTime() / config.rotate);
      return `${Math.floor(batch.sequence / ledgers)} ${span} ${folderOf(batch)}`;
    },
    endAfter({ last, mostRows, encoded_bytes }) {
      return (last + 1) % ledgers === 0 ||
        (config.rows_per_file !== undefined && mostRows >= config.rows_per_file) ||
        encoded_bytes >= config.bytes_per_file;
    },
  };
}

function ledgersPerFile(config: CutConfig): number {
  if (config.ledgers_per_file !== undefined) return config.ledgers_per_file;
  const limited = config.rows_per_file !== undefined || config.rotate !== undefined;
  return limited ? MAX_LEDGERS_PER_FILE : DEFAULT_LEDGERS_PER_FILE;
}

/** The folder of a ledger's rows, ending with a slash, or nothing. */
export function createPartitions(
  config: Pick<Config, "partition_by" | "ledgers_per_partition">,
): (batch: BatchKey) => string {
  switch (config.partition_by) {
    case "none":
      return () => "";
    case "date":
      return (batch) => `closed_at_date=${isoHour(batch).slice(0, 10)}/`;
    case "hour":
      return (batch) => {
        const hour = isoHour(batch);
        return `closed_at_date=${hour.slice(0, 10)}/closed_at_hour=${hour.slice(11)}/`;
      };
    case "ledgers":
      return (batch) => {
        const size = config.ledgers_per_partition;
        const first = Math.floor(batch.sequence / size) * size;
        return `ledger_range=${first}-${first + size - 1}/`;
      };
  }
}

/** `2026-06-19T13` */
function isoHour(batch: BatchKey): string {
  return batch.closedAt.toISOString().slice(0, 13);
}
