/** `{table}` in the paths and table names of sinks: each event type has its own. */

const PLACEHOLDER = "{table}";

/** True when each event type gets a file or table of its own. */
export function hasTable(template: string): boolean {
  return template.includes(PLACEHOLDER);
}

/** `{table}` becomes the table's name. */
export function fillTable(template: string, table: string): string {
  return template.replaceAll(PLACEHOLDER, table);
}
