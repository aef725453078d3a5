/** The last log lines of everything that runs, in memory: for `flowctl logs`, not an archive. */

export interface LogRecord {
  readonly at_ms: number;
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly pipeline: string;
  readonly run_id: string;
  readonly component_id: string;
  readonly agent: string;
  readonly fields: Readonly<Record<string, string>>;
}

export interface LogFilter {
  readonly pipeline: string;
  readonly run_id: string;
  readonly component_id: string;
  readonly min_level: string;
}

/** Lines kept over all pipelines; at 300 bytes each about 6 MB. */
export const MAX_LOG_LINES = 20_000;

const LEVELS = ["debug", "info", "warn", "error"];

export interface LogRing {
  add(lines: readonly LogRecord[]): void;
  /** The newest `limit` lines that match, oldest first. */
  last(filter: LogFilter, limit: number): readonly LogRecord[];
}

export function createLogRing(): LogRing {
  const lines: LogRecord[] = [];
  let next = 0;
  return {
    add(added) {
      for (const line of added) {
        lines[next] = line;
        next = (next + 1) % MAX_LOG_LINES;
      }
    },
    last(filter, limit) {
      const wanted = logMatcher(filter);
      const found: LogRecord[] = [];
      for (let back = 1; back <= lines.length && found.length < limit; back++) {
        const line = lines[(next - back + lines.length) % lines.length]!;
        if (wanted(line)) found.push(line);
      }
      return found.reverse();
    },
  };
}

/** An empty member of the filter matches everything. */
export function logMatcher(filter: LogFilter): (line: LogRecord) => boolean {
  const least = LEVELS.indexOf(filter.min_level);
  const same = (wanted: string, value: string) => wanted === "" || wanted === value;
  return (line) =>
    LEVELS.indexOf(line.level) >= least && same(filter.pipeline, line.pipeline) &&
    same(filter.run_id, line.run_id) && same(filter.component_id, line.component_id);
}
