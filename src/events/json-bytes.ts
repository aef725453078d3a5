/**
 * JSON in UTF-8, written where it will stand. Put together as a string, each piece would be made
 * twice and be garbage twice: as a string of its own, and as a part of the whole.
 */

import { Buffer } from "node:buffer";
import type { Json } from "../flow/batch.ts";
import { jsonString, jsonText, MAX_JSON_DEPTH, needsEscape } from "./json.ts";

const START_BYTES = 128 * 1024;

/** UTF-8 of one UTF-16 unit takes no more; a pair of them takes 4. */
const MAX_BYTES_PER_UNIT = 3;

/** Up to this length a loop is faster than the runtime's own functions. */
const SHORT_units = 96;

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const LIST_START = 91;
const BACKSLASH = 92;
const LIST_END = 93;
const OBJECT_START = 123;
const OBJECT_END = 125;

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
      const end = writePlain(this.bytes, json, this.length, true);
      if (end >= 0) return void (this.length = end);
    }
    this.length += this.bytes.write(json, this.length);
  }

  /** As `jsonString`. */
  string(text: string): void {
    this.reserve(text.length * MAX_BYTES_PER_UNIT + 2);
    const start = this.length;
    if (text.length <= SHORT_units) {
      const end = writePlain(this.bytes, text, start + 1, false);
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

  /** As `jsonText`; throws what it throws, and may have written a part by then. */
  value(json: Json | undefined, depth = 0): void {
    switch (typeof json) {
      case "string":
        return this.string(json);
      case "number":
        return this.text(Number.isFinite(json) ? String(json) : "null");
      case "bigint":
        return this.text(json.toString());
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

function isList(value: object): value is readonly Json[] {
  return Array.isArray(value);
}

/**
 * Where it ends, without quotes; -1: the text has a character that is not ASCII, or one that a
 * string escapes and `json` is not said of it.
 */
function writePlain(buffer: Uint8Array, text: string, offset: number, json: boolean): number {
  let at = offset;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 32 || unit > 126 || (!json && (unit === QUOTE || unit === BACKSLASH))) return -1;
    buffer[at++] = unit;
  }
  return at;
}
