/**
 * JSON in UTF-8, written where it will stand. Put together as a string, each piece would be made
 * twice and be garbage twice: as a string of its own, and as a part of the whole.
 */

import { Buffer } from "node:buffer";
import type { Json } from "../flow/batch.ts";
import { isList, jsonString, jsonText, MAX_JSON_DEPTH, needsEscape } from "./json.ts";

const START_BYTES = 128 * 1024;

/** UTF-8 of one UTF-16 unit takes no more; a pair of them takes 4. */
const MAX_BYTES_PER_UNIT = 3;

/** Up to this length a loop is faster than the runtime's own functions. */
const SHORT_units = 40;

const INT64_LEAST = -(2n ** 63n);
const INT64_LIMIT = 2n ** 63n;
const MAX_DIGITS = 20;
const DIGITS_9 = 1_000_000_000;
const POWERS = Array.from({ length: 10 }, (_, digits) => 10 ** digits);

/** A 64-bit integer, and its halves. */
const long = new BigInt64Array(1);
const words = new Int32Array(long.buffer);
/** Which of them is the lower one. */
const LOW = new Uint8Array(Int32Array.of(1).buffer)[0] === 1 ? 0 : 1;

const QUOTE = 34;
const MINUS = 45;
const ZERO = 48;
const COMMA = 44;
const COLON = 58;
const LIST_START = 91;
const BACKSLASH = 92;
const LIST_END = 93;
const OBJECT_START = 123;
const OBJECT_END = 125;

/** By unit: 1 for what JSON text has as one byte, and 1 for what a string has as it is. */
const JSON_PLAIN = plainUnits();
const STRING_PLAIN = plainUnits(QUOTE, BACKSLASH);

export class JsonBytes {
  /** Valid up to `length`; another one after each `reserve`. */
  bytes: Buffer<ArrayBuffer> = Buffer.allocUnsafeSlow(START_BYTES);
  length = 0;
  readonly #mended: (json: string) => string;

  /** `mended`: what is written in place of a text with escapes. Default: the text. */
  constructor(mended: (json: string) => string = (json) => json) {
    this.#mended = mended;
  }

  /** Makes room for this many bytes behind `length`. */
  reserve(more_bytes: number): void {
    const needed_bytes = this.length + more_bytes;
    if (needed_bytes <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(needed_bytes * 2);
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }

  byte(byte: number): void {
    this.reserve(1);
    this.bytes[this.length++] = byte;
  }

  append(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    const buffer = this.bytes;
    let at = this.length;
    for (let i = 0; i < bytes.length; i++) buffer[at++] = bytes[i] as number;
    this.length = at;
  }

  /** A text that is JSON already. */
  text(json: string): void {
    this.reserve(json.length * MAX_BYTES_PER_UNIT);
    if (json.length <= SHORT_units) {
      const end = writePlain(this.bytes, json, this.length, JSON_PLAIN);
      if (end >= 0) return void (this.length = end);
    }
    this.length += this.bytes.write(json, this.length);
  }

  /** As `jsonString`. */
  string(text: string): void {
    this.reserve(text.length * MAX_BYTES_PER_UNIT + 2);
    const start = this.length;
    if (text.length <= SHORT_units) {
      const end = writePlain(this.bytes, text, start + 1, STRING_PLAIN);
      if (end >= 0) {
        this.bytes[start] = this.bytes[end] = QUOTE;
        this.length = end + 1;
        return;
      }
    }
    if (needsEscape(text)) return this.text(this.#mended(jsonString(text)));
    this.bytes[start] = QUOTE;
    const end = start + 1 + this.bytes.write(text, start + 1);
    this.bytes[end] = QUOTE;
    this.length = end + 1;
  }

  /** All digits of an integer. */
  integer(value: number | bigint): void {
    if (typeof value === "bigint" && (value < INT64_LEAST || value >= INT64_LIMIT)) {
      return this.text(value.toString());
    }
    this.reserve(MAX_DIGITS);
    if (typeof value === "bigint") this.#long(value);
    else if (value >= 0 && value < DIGITS_9 && Number.isInteger(value)) this.#digits(value, 1);
    else this.text(String(value));
  }

  /**
   * A bigint as text takes a division, and a bigint, for each few digits. Its two halves are
   * numbers: a long division of their quarters by a thousand million leaves nine digits at a time.
   */
  #long(value: bigint): void {
    long[0] = value;
    let low = words[LOW] as number;
    let high = words[1 - LOW] as number;
    if (high < 0) {
      this.bytes[this.length++] = MINUS;
      low = -low | 0;
      high = (low === 0 ? -high : ~high) | 0;
    }
    let rest = 0;
    let above = 0;
    for (const part of [high >>> 16, high & 0xffff, low >>> 16, low & 0xffff]) {
      const dividend = rest * 0x10000 + part;
      const quotient = Math.floor(dividend / DIGITS_9);
      rest = dividend - quotient * DIGITS_9;
      above = above * 0x10000 + quotient;
    }
    const top = Math.floor(above / DIGITS_9);
    const middle = above - top * DIGITS_9;
    if (top > 0) this.#digits(top, 1);
    if (above > 0) this.#digits(middle, top > 0 ? 9 : 1);
    this.#digits(rest, above > 0 ? 9 : 1);
  }

  /** A number below a thousand million, with leading zeros up to so many digits. */
  #digits(value: number, least: number): void {
    let count = least;
    for (let limit = POWERS[least] as number; value >= limit; limit *= 10) count++;
    const bytes = this.bytes;
    let left = value | 0;
    for (let at = this.length + count - 1; at >= this.length; at--) {
      const tenth = (left / 10) | 0;
      bytes[at] = ZERO + left - tenth * 10;
      left = tenth;
    }
    this.length += count;
  }

  /** As `jsonText`; throws what it throws, and may have written a part by then. */
  value(json: Json | undefined, depth = 0): void {
    switch (typeof json) {
      case "string":
        return this.string(json);
      case "number":
        return this.text(Number.isFinite(json) ? String(json) : "null");
      case "bigint":
        return this.integer(json);
      case "boolean":
        return this.text(json ? "true" : "false");
      case "object":
        if (json === null) return this.text("null");
        if (depth > MAX_JSON_DEPTH) return this.text(this.#mended(jsonText(json)));
        return isList(json) ? this.#list(json, depth) : this.#object(json, depth);
      default:
        return this.text("null");
    }
  }

  #list(items: readonly Json[], depth: number): void {
    this.byte(LIST_START);
    for (let i = 0; i < items.length; i++) {
      if (i > 0) this.byte(COMMA);
      this.value(items[i], depth + 1);
    }
    this.byte(LIST_END);
  }

  #object(value: { readonly [key: string]: Json }, depth: number): void {
    const prototype: unknown = Object.getPrototypeOf(value);
    // What has methods may have its own form of JSON.
    if (prototype !== Object.prototype && prototype !== null) {
      return this.text(this.#mended(jsonText(value)));
    }
    this.byte(OBJECT_START);
    const start = this.length;
    for (const key in value) {
      const item: Json | undefined = value[key];
      if (item === undefined || typeof item === "function" || typeof item === "symbol") continue;
      if (this.length > start) this.byte(COMMA);
      this.string(key);
      this.byte(COLON);
      this.value(item, depth + 1);
    }
    this.byte(OBJECT_END);
  }
}

function plainUnits(...without: readonly number[]): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, unit) => {
    return unit >= 32 && unit < 127 && !without.includes(unit) ? 1 : 0;
  });
}

/** Where it ends, without quotes; -1: not all of its units are plain. */
function writePlain(buffer: Uint8Array, text: string, offset: number, plain: Uint8Array): number {
  let at = offset;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (plain[unit] !== 1) return -1;
    buffer[at++] = unit;
  }
  return at;
}
