const PLACEHOLDER = "{table}";

/** True when each event type gets a file of its own. */
export function hasTable(path: string): boolean {
  return path.includes(PLACEHOLDER);
}

/** The path of a table's file: `{table}` becomes its name. */
export function tablePath(path: string, table: string): string {
  return path.replaceAll(PLACEHOLDER, table);
}
