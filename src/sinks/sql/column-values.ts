/** Checks that a value is what its column says, whichever database takes it. */

import type { Column } from "../../events/event-type.ts";
import type { Row, Value } from "../../flow/batch.ts";
import { FlowctlError } from "../../spec/errors.ts";

const RANGES = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
} as const;

const SAFE_INT32_MIN = -(2 ** 31);
const SAFE_INT32_MAX = 2 ** 31 - 1;

/** The integer itself, or a RangeError when a column of that type cannot hold it. */
export function fits<T extends number | bigint>(value: T, type: keyof typeof RANGES): T {
  if (typeof value === "number") {
    const inside = value >= SAFE_INT32_MIN && value <= SAFE_INT32_MAX && Number.isInteger(value);
    if (inside && (type !== "uint64" || value >= 0)) return value;
  }
  const exact = typeof value === "bigint" || Number.isSafeInteger(value);
  const [min, max] = RANGES[type];
  if (!exact || value < min || value > max) throw new RangeError(`not in the range of ${type}`);
  return value;
}

/** The rows of a ledger share one Date: its text is made once. */
export function remembered<T extends object, R>(encode: (value: T) => R): (value: T) => R {
  let last: { readonly value: T; readonly result: R } | undefined;
  return (value) => {
    if (last?.value !== value) last = { value, result: encode(value) };
    return last.result;
  };
}

const SHOWN_chars = 60;

/**
 * Encodes one column of a row; a missing key is null. Errors are `sink/value-out-of-range` and
 * name the column and the event.
 */
export function checkedEncoder<T>(
  column: Column,
  encode: (value: NonNullable<Value>) => T,
): (row: Row, id: Value | undefined) => T | null {
  const { name, nullable } = column;
  return (row, id) => {
    const value = row[name];
    if (value === null || value === undefined) {
      if (nullable) return null;
      throw outOfRange(column, id, "is empty, which it must not be");
    }
    try {
      return encode(value);
    } catch (error) {
      const shown = JSON.stringify(String(value).slice(0, SHOWN_chars));
      throw outOfRange(column, id, `cannot hold ${shown}`, error);
    }
  };
}

function outOfRange(
  column: Column,
  id: Value | undefined,
  what: string,
  cause?: unknown,
): FlowctlError {
  const text = `column ${column.name} (${column.type}) of event ${String(id)} ${what}`;
  return new FlowctlError("sink/value-out-of-range", text, { cause });
}
