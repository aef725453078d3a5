/** Numbers, durations and tables as people read them. */

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"] as const;

/** 63092982 → `63,092,982`. */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Per second, with as many digits as say something: `0.4/s`, `12.5/s`, `1,240/s`. */
export function rate(perSecond: number): string {
  const text = perSecond < 100 ? perSecond.toFixed(1) : count(perSecond);
  return `${text}/s`;
}

/** 93784 ms → `1m 34s`; the two largest units, tenths of a second below ten seconds. */
export function duration(duration_ms: number): string {
  const seconds = duration_ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(whole / 86_400), "d"],
    [Math.floor(whole / 3600) % 24, "h"],
    [Math.floor(whole / 60) % 60, "m"],
    [whole % 60, "s"],
  ];
  const first = parts.findIndex(([amount]) => amount > 0);
  const shown = parts.slice(first, first + 2).filter(([amount]) => amount > 0);
  return shown.map(([amount, unit]) => `${amount}${unit}`).join(" ");
}

/** Decimal units, as disks and networks are sold: 64000000 → `64.0 MB`. */
export function bytes(amount: number): string {
  let value = amount;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return unit === 0 ? `${value} B` : `${value.toFixed(1)} ${UNITS[unit]}`;
}

export interface TableColumn {
  readonly title: string;
  readonly align: "left" | "right";
}

/** Lines of a table, its titles first, two spaces between columns, no trailing spaces. */
export function table(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
): string[] {
  const widths = columns.map((column, index) =>
    Math.max(column.title.length, ...rows.map((row) => (row[index] ?? "").length))
  );
  const lines = [columns.map((column) => column.title), ...rows];
  return lines.map((cells) =>
    columns.map((column, index) => {
      const cell = cells[index] ?? "";
      const width = widths[index] ?? 0;
      return column.align === "left" ? cell.padEnd(width) : cell.padStart(width);
    }).join("  ").trimEnd()
  );
}
