/** Values of expressions as values of columns. Nothing is rounded that the type would not hold. */

import { isCelList, isCelMap, isCelUint } from "@bufbuild/cel";
import type { CelValue } from "@bufbuild/cel";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { DECIMAL_PLACES } from "../../events/decimal.ts";
import type { ColumnType } from "../../events/event-type.ts";
import type { Json, Value } from "../../flow/batch.ts";

/** A RangeError when the column cannot hold the value; null stays null. */
export function toColumn(value: CelValue, type: ColumnType): Value {
  if (value === null) return null;
  switch (type) {
    case "string":
      if (typeof value === "string") return value;
      break;
    case "boolean":
      if (typeof value === "boolean") return value;
      break;
    case "bytes":
      if (value instanceof Uint8Array) return value;
      break;
    case "int32":
      return Number(within(integer(value), -(2n ** 31n), 2n ** 31n));
    case "int64":
      return within(integer(value), -(2n ** 63n), 2n ** 63n);
    case "uint64":
      return within(integer(value), 0n, 2n ** 64n);
    case "double":
      if (typeof value === "number") return value;
      return Number(integer(value));
    case "decimal":
      return decimal(value);
    case "timestamp":
      return timestamp(value);
    case "strings":
      if (isCelList(value)) return [...value].map((item) => toColumn(item, "string") as string);
      break;
    case "json":
      return toJson(value);
  }
  throw new RangeError(`it is ${nameOf(value)}`);
}

function integer(value: CelValue): bigint {
  if (typeof value === "bigint") return value;
  if (isCelUint(value)) return value.value;
  throw new RangeError(`it is ${nameOf(value)}`);
}

function within(value: bigint, least: bigint, limit: bigint): bigint {
  if (value < least || value >= limit) throw new RangeError(`${value} is out of its range`);
  return value;
}

const DECIMAL = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]{1,7})?$/;
/** From here on toFixed writes an exponent. */
const LARGEST_FIXED = 1e21;

/** Canonical digits. A double is rounded to the column's places, as its author asked for. */
function decimal(value: CelValue): string {
  let text: string | undefined;
  if (typeof value === "string") text = value;
  else if (typeof value !== "number") text = integer(value).toString();
  else if (Math.abs(value) < LARGEST_FIXED) text = value.toFixed(DECIMAL_PLACES);
  if (text === undefined || !DECIMAL.test(text)) throw new RangeError(`${String(value)} is none`);
  const short = text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  return short === "-0" ? "0" : short;
}

function timestamp(value: CelValue): Date {
  const message = messageOf(value);
  if (message?.$typeName !== "google.protobuf.Timestamp") {
    throw new RangeError(`it is ${nameOf(value)}`);
  }
  return timestampDate(message as Timestamp);
}

function messageOf(value: CelValue): { readonly $typeName: string } | undefined {
  if (typeof value !== "object" || value === null || !("message" in value)) return undefined;
  return value.message as { readonly $typeName: string };
}

function toJson(value: CelValue): Json {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" || typeof value === "bigint") return value;
  if (isCelUint(value)) return value.value;
  if (isCelList(value)) return [...value].map(toJson);
  if (isCelMap(value)) {
    return Object.fromEntries([...value].map(([key, item]) => {
      const name = isCelUint(key) ? key.value : key;
      return [String(name), toJson(item)];
    }));
  }
  throw new RangeError(`it is ${nameOf(value)}`);
}

function nameOf(value: CelValue): string {
  if (value instanceof Uint8Array) return "bytes";
  if (isCelUint(value)) return "a uint";
  if (isCelList(value)) return "a list";
  if (isCelMap(value)) return "a map";
  if (typeof value === "bigint") return "an int";
  if (typeof value === "object") return messageOf(value)?.$typeName ?? "no value for a column";
  return `a ${typeof value}`;
}
