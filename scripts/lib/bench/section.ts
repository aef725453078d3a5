/** What a part of the benchmark measures and hands back: one section of BENCHMARKS.md. */

export interface BenchContext {
  /** The short form: seconds instead of minutes, and nothing is written to BENCHMARKS.md. */
  readonly quick: boolean;
  /** What stood behind the part's name on the command line. */
  readonly args: readonly string[];
  /** A folder of this part's own, gone when it ends. */
  readonly folder: string;
  /** The built binary. */
  readonly flowctl: string;
  /** Says how far it is, on standard error. */
  note(line: string): void;
}

/** A figure that the project promises, with what was seen. */
export interface Target {
  /** `lake to JSONL, token transfers, one worker`. */
  readonly what: string;
  /** `at least 300 ledgers/s`. */
  readonly wanted: string;
  /** `312 ledgers/s`. */
  readonly seen: string;
  readonly met: boolean;
}

export interface Section {
  /** How it was measured, Markdown. */
  readonly method: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly targets: readonly Target[];
  /** What a reader might take for measured, and is not; a sentence each. */
  readonly notMeasured: readonly string[];
  /** The most important figures on one line. */
  readonly summary: string;
}

export interface BenchPart {
  /** As it is called on the command line. */
  readonly name: string;
  /** Heading of its section. */
  readonly title: string;
  /** Whether `scripts/bench --quick` without names runs it. All of these take under 50 s together. */
  readonly inQuick: boolean;
  /** The figures, or why they cannot be had here. */
  measure(context: BenchContext): Promise<Section | { readonly skipped: string }>;
}

export interface TargetBound {
  readonly what: string;
  readonly unit: string;
  readonly seen: number;
}

/** A figure that must be so high, or higher. */
export function atLeast(bound: number, { what, unit, seen }: TargetBound): Target {
  const wanted = `at least ${bound} ${unit}`;
  return { what, wanted, seen: `${figure(seen)} ${unit}`, met: seen >= bound };
}

/** A figure that must be so low, or lower. */
export function atMost(bound: number, { what, unit, seen }: TargetBound): Target {
  const wanted = `at most ${bound} ${unit}`;
  return { what, wanted, seen: `${figure(seen)} ${unit}`, met: seen <= bound };
}

/** Three digits that count. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return "none";
  return Math.abs(value) < 100 ? Number(value.toPrecision(3)).toString() : value.toFixed(0);
}

export function megabytes(bytes: number, digits = 2): string {
  return (bytes / 1e6).toFixed(digits);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(half)] ?? NaN) + (sorted[Math.ceil(half)] ?? NaN)) / 2;
}

/** The value below which that share of the values lies, 0 to 1. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

/** `218 (199–228)`: the middle, the lowest and the highest. */
export function spread(values: readonly number[]): string {
  if (values.length < 2) return figure(median(values));
  return `${figure(median(values))} (${figure(Math.min(...values))}–${
    figure(Math.max(...values))
  })`;
}
