import type { EventType } from "../../events/event-type.ts";
import { FlowctlError } from "../../spec/errors.ts";

const PLACEHOLDER = "{table}";
/** Names of tables in which sinks keep their checkpoints begin with this. */
export const OWN_TABLE_PREFIX = "_flowctl_";

/** The table of an event type: `{table}` becomes the type's own table name. */
export function tableName(template: string, type: EventType): string {
  return template.replaceAll(PLACEHOLDER, type.table);
}

/** Which event type writes to which table; two types never share one. */
export class TableNames {
  readonly #template: string;
  readonly #check: (table: string) => void;
  readonly #typeOf = new Map<string, string>();

  constructor(template: string, check: (table: string) => void) {
    this.#template = template;
    this.#check = check;
  }

  /** Throws `sink/schema-mismatch` when another event type has that table. */
  tableOf(type: EventType): string {
    const table = tableName(this.#template, type);
    const owner = this.#typeOf.get(table);
    if (owner === type.name) return table;
    if (owner !== undefined) {
      throw new FlowctlError(
        "sink/schema-mismatch",
        `events of type ${owner} and of type ${type.name} would both go into table ${table}`,
        { hint: `Put "{table}" into this sink's table, or give each event type a sink.` },
      );
    }
    if (table.startsWith(OWN_TABLE_PREFIX)) {
      throw new FlowctlError(
        "spec/invalid",
        `table ${table}: names that begin with ${OWN_TABLE_PREFIX} are flowctl's own`,
        { hint: "Choose another table." },
      );
    }
    this.#check(table);
    this.#typeOf.set(table, type.name);
    return table;
  }
}
