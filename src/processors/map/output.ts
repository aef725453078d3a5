/** The event type that a map makes from another. */

import type { Column, EventType } from "../../events/event-type.ts";
import { defineEventType } from "../../events/event-type.ts";
import type { Config } from "../../gen/config/map.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { nearest } from "../../spec/nearest.ts";
import type { Expression } from "../cel/expression.ts";
import { typeOfName } from "../cel/variables.ts";

export const KEEP_ALL = "*";

/** Where a new column's value comes from. */
export type Maker =
  | { readonly kind: "copy"; readonly from: string }
  | { readonly kind: "compute"; readonly expression: Expression };

export interface MappedColumn {
  readonly column: Column;
  readonly maker: Maker;
}

export interface Mapping {
  readonly type: EventType;
  readonly columns: readonly MappedColumn[];
}

/**
 * The id first, then the kept columns in their order, then the new ones; a new column with the name
 * of a kept one stands in its place. Throws `cel/invalid` and `spec/invalid`.
 */
export function mappingFor(
  id: string,
  config: Config,
  expressions: ReadonlyMap<string, Expression>,
  input: EventType,
): Mapping {
  const columns = new Map<string, MappedColumn>();
  for (const column of keptColumns(config.keep, input)) {
    columns.set(column.name, { column, maker: { kind: "copy", from: column.name } });
  }
  for (const [name, expression] of expressions) {
    columns.set(name, newColumn(name, expression, config.types[name], input));
  }
  const type = defineEventType({
    name: config.event_type ?? `custom.${id}`,
    aliases: [],
    table: config.table ?? (id.toLowerCase().replace(/[^a-z0-9]+/g, "_") || "mapped"),
    doc: `What ${id} makes of ${input.name}.`,
    id: input.id,
    columns: [...columns.values()].map(({ column }) => column),
  });
  return { type, columns: [...columns.values()] };
}

function keptColumns(keep: readonly string[], input: EventType): readonly Column[] {
  const names = input.columns.map((column) => column.name);
  for (const name of keep) {
    if (name === KEEP_ALL || names.includes(name)) continue;
    const near = nearest(name, names);
    throw new FlowctlError("spec/invalid", `keep: ${input.name} has no column ${name}`, {
      hint: near === undefined ? `There are ${names.join(", ")}.` : `Did you mean ${near}?`,
    });
  }
  const kept = keep.includes(KEEP_ALL) ? names : keep;
  const id = input.columns.filter((column) => column.name === input.id);
  const others = input.columns.filter(({ name }) => name !== input.id && kept.includes(name));
  return [...id, ...others];
}

function newColumn(
  name: string,
  expression: Expression,
  stated: Column["type"] | undefined,
  input: EventType,
): MappedColumn {
  if (name === input.id) {
    throw new FlowctlError("spec/invalid", `columns.${name}: the id of an event stays as it is`, {
      hint: "Sinks know events by it. Give the new column another name.",
    });
  }
  const doc = `${expression.source}, of ${input.name}.`;
  const same = input.columns.find((column) => column.name === expression.column);
  if (same !== undefined && (stated === undefined || stated === same.type)) {
    // Not through the expression, which would see a decimal as a double.
    return { column: { ...same, name }, maker: { kind: "copy", from: same.name } };
  }
  const type = stated ?? expression.typeWith((column) => typeOfName(input, column));
  if (type === undefined) {
    throw new FlowctlError(
      "cel/invalid",
      `columns.${name}: the expression does not tell its type`,
      {
        hint: `State it: types: { ${name}: string }`,
      },
    );
  }
  return { column: { name, type, nullable: true, doc }, maker: { kind: "compute", expression } };
}
