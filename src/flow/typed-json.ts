/**
 * JSON that gives back what went in: bigints, dates, bytes and numbers that JSON cannot write.
 *
 * Such a value becomes an object with one key that starts with `$`: `{"$bigint":"-5"}`,
 * `{"$date":0}` (Unix ms, null when invalid), `{"$bytes":"AQI="}`, `{"$number":"NaN"}`. An object
 * of the data that looks like that itself is wrapped as `{"$object":{…}}`.
 */

import { Buffer } from "node:buffer";
import type { Json, Row, Value } from "./batch.ts";

export type TypedValue = Value | Row | readonly TypedValue[];

type Plain =
  | null
  | boolean
  | number
  | string
  | readonly Plain[]
  | { readonly [key: string]: Plain };

export function encodeTyped(value: TypedValue): string {
  return JSON.stringify(toPlain(value));
}

/** Throws a SyntaxError for text that `encodeTyped` did not write. */
export function decodeTyped(text: string): TypedValue {
  return fromPlain(JSON.parse(text) as Plain);
}

export function decodeRow(text: string): Row {
  const value = decodeTyped(text);
  if (!isObject(value)) throw new SyntaxError("not an event: an object was expected");
  return value as Row;
}

/** For what was Json when it was encoded, such as a processor's state. */
export function decodeJson(text: string): Json {
  return decodeTyped(text) as Json;
}

function toPlain(value: TypedValue): Plain {
  if (typeof value === "bigint") return { $bigint: value.toString() };
  if (typeof value === "number") {
    const exact = Number.isFinite(value) && !Object.is(value, -0);
    return exact ? value : { $number: Object.is(value, -0) ? "-0" : String(value) };
  }
  if (value === null || typeof value !== "object") return value;
  if (value instanceof Date) return { $date: dateToPlain(value) };
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString("base64") };
  if (Array.isArray(value)) return value.map(toPlain);
  const entries = Object.entries(value).map(([key, item]) => [key, toPlain(item)] as const);
  const plain = Object.fromEntries(entries);
  return isTagged(plain) ? { $object: plain } : plain;
}

function dateToPlain(date: Date): number | null {
  const time = date.getTime();
  return Number.isNaN(time) ? null : time;
}

function fromPlain(plain: Plain): TypedValue {
  if (plain === null || typeof plain !== "object") return plain;
  if (Array.isArray(plain)) return plain.map(fromPlain);
  const object = plain as { readonly [key: string]: Plain };
  return isTagged(object) ? untag(object) : mapValues(object);
}

function mapValues(object: { readonly [key: string]: Plain }): TypedValue {
  const entries = Object.entries(object).map(([key, item]) => [key, fromPlain(item)] as const);
  return Object.fromEntries(entries) as Row;
}

function untag(object: { readonly [key: string]: Plain }): TypedValue {
  const { $bigint, $number, $date, $bytes, $object } = object;
  if (typeof $bigint === "string") return BigInt($bigint);
  if (typeof $number === "string") return Number($number);
  if (typeof $date === "number" || $date === null) return new Date($date ?? NaN);
  if (typeof $bytes === "string") return new Uint8Array(Buffer.from($bytes, "base64"));
  if (isObject($object)) return mapValues($object as { readonly [key: string]: Plain });
  throw new SyntaxError(`unknown tag ${Object.keys(object).join(", ")}`);
}

function isTagged(object: Readonly<Record<string, unknown>>): boolean {
  const keys = Object.keys(object);
  return keys.length === 1 && (keys[0] ?? "").startsWith("$");
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof Date) && !(value instanceof Uint8Array);
}
