/** What an expression sees of an event. */

import { celUint } from "@bufbuild/cel";
import type { CelInput, CelValue } from "@bufbuild/cel";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { Column, ColumnType, EventType } from "../../events/event-type.ts";
import type { Batch, Json, Row, Value } from "../../flow/batch.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { nearest } from "../../spec/nearest.ts";
import type { Expression } from "./expression.ts";
import { placeOf } from "./expression.ts";

/** Names that every event has besides its columns, which go before. */
const OF_EVERY_EVENT: Readonly<Record<string, ColumnType>> = {
  event_type: "string",
  ledger_sequence: "int64",
  closed_at: "timestamp",
};

type Variables = Readonly<Record<string, CelInput>>;

/** The type of what an expression calls by this name; undefined: no such thing. */
export function typeOfName(type: EventType, name: string): ColumnType | undefined {
  return type.columns.find((column) => column.name === name)?.type ?? OF_EVERY_EVENT[name];
}

/**
 * Throws `cel/invalid` when an expression reads a column that none of the event types has: in a
 * mixed stream, `event_type == '…' && …` may read what the others do not have.
 */
export function checkNames(
  label: string,
  expression: Expression,
  types: readonly EventType[],
): void {
  if (types.length === 0) return;
  for (const { name, offset } of expression.names) {
    if (types.some((type) => typeOfName(type, name) !== undefined)) continue;
    const columns = types.flatMap((type) => type.columns.map((column) => column.name));
    const near = nearest(name, [...columns, ...Object.keys(OF_EVERY_EVENT)]);
    const place = placeOf(expression.source, offset);
    const read = types.map((type) => type.name).join(", ");
    throw new FlowctlError("cel/invalid", `${label}, ${place}: ${read} has no column ${name}`, {
      hint: near === undefined
        ? `There are ${[...new Set(columns)].join(", ")}.`
        : `Did you mean ${near}?`,
    });
  }
}

/** A function that binds what the expressions read, and nothing else. */
export function createBinder(
  type: EventType,
  expressions: readonly Expression[],
): (batch: Batch, row: Row) => Variables {
  const read = new Set(expressions.flatMap(({ names }) => names.map(({ name }) => name)));
  const columns = type.columns.filter((column) => read.has(column.name)).map(binding);
  const has = (name: string) => type.columns.some((column) => column.name === name);
  const extras = Object.keys(OF_EVERY_EVENT).filter((name) => read.has(name) && !has(name));
  const timestamp = timestamps();
  return (batch, row) => {
    const variables: Record<string, CelInput> = {};
    for (const { name, bind } of columns) {
      const value = row[name];
      variables[name] = value === null || value === undefined ? null : bind(value);
    }
    for (const name of extras) {
      variables[name] = name === "event_type"
        ? type.name
        : name === "closed_at"
        ? timestamp(batch.closedAt)
        : BigInt(batch.sequence);
    }
    return variables;
  };
}

/** Throws `cel/failed`, or `cel/invalid` when what failed was the reading of an unknown column. */
export function evaluate(
  label: string,
  expression: Expression,
  type: EventType,
  variables: Variables,
): CelValue {
  try {
    return expression.evaluate(variables);
  } catch (error) {
    checkNames(label, expression, [type]);
    throw error;
  }
}

interface Binding {
  readonly name: string;
  readonly bind: (value: NonNullable<Value>) => CelInput;
}

function binding({ name, type }: Column): Binding {
  const timestamp = timestamps();
  switch (type) {
    case "int32":
    case "int64":
      return { name, bind: (value) => BigInt(value as number | bigint) };
    case "uint64":
      return { name, bind: (value) => celUint(BigInt(value as number | bigint)) };
    case "decimal":
      return { name, bind: (value) => Number(value) };
    case "timestamp":
      return { name, bind: (value) => timestamp(value as Date) };
    case "json":
      return { name, bind: (value) => value as Json as CelInput };
    default:
      return { name, bind: (value) => value as CelInput };
  }
}

/** Remembers the last: the rows of a ledger share one date. */
function timestamps(): (date: Date) => CelInput {
  let last: Date | undefined;
  let message: CelInput = null;
  return (date) => {
    if (date !== last) {
      message = timestampFromDate(date);
      last = date;
    }
    return message;
  };
}
