/**
 * Bytes of XDR (RFC 4506) and the primitive reads on them. The generated readers in
 * `src/gen/xdr` stand on this; every read checks its bounds and names type and byte on failure.
 */

import { Buffer } from "node:buffer";
import { FlowctlError } from "../../spec/errors.ts";

/** Nesting of recursive types beyond which bytes are refused; the SDK's own limit. */
export const MAX_DEPTH = 1500;

/** The length of an array, string or opaque that has no bound of its own. */
export const UNBOUNDED = 0xffffffff;

const RETRY_HINT = "the data is truncated or damaged; fetch it again";
const UPDATE_HINT = "the data is damaged, or of a protocol newer than this flowctl";

export class XdrBytes {
  readonly length: number;
  readonly #buffer: Buffer;
  readonly #view: DataView;

  /** `bytes` are borrowed: views read them in place, so they must not change. */
  constructor(bytes: Uint8Array) {
    this.length = bytes.byteLength;
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  int32(offset: number, type: string): number {
    if (offset + 4 > this.length) throw this.short(offset, 4, type);
    return this.#view.getInt32(offset);
  }

  uint32(offset: number, type: string): number {
    if (offset + 4 > this.length) throw this.short(offset, 4, type);
    return this.#view.getUint32(offset);
  }

  int64(offset: number, type: string): bigint {
    if (offset + 8 > this.length) throw this.short(offset, 8, type);
    return this.#view.getBigInt64(offset);
  }

  uint64(offset: number, type: string): bigint {
    if (offset + 8 > this.length) throw this.short(offset, 8, type);
    return this.#view.getBigUint64(offset);
  }

  /** Whether the words from `offset` are those of `keys` from `at`. */
  hasWords(offset: number, keys: Int32Array, at: number, count: number): boolean {
    this.#checkRange(offset, offset + count * 4);
    const view = this.#view;
    for (let word = 0; word < count; word++) {
      if (view.getInt32(offset + word * 4) !== keys[at + word]) return false;
    }
    return true;
  }

  bool(offset: number, type: string): boolean {
    const value = this.uint32(offset, type);
    if (value > 1) throw malformed(type, offset, `a bool of ${value}`);
    return value === 1;
  }

  skipBool(offset: number, type: string): number {
    this.bool(offset, type);
    return offset + 4;
  }

  /** The count of an array: at most `max`, and at most the bytes that are left. */
  count(offset: number, max: number, type: string): number {
    const count = this.uint32(offset, type);
    if (count > max) throw malformed(type, offset, `${count} elements, at most ${max}`);
    if (count > this.length - offset - 4) {
      throw malformed(type, offset, `${count} elements in ${this.length - offset - 4} bytes`);
    }
    return count;
  }

  /** Offset after opaque data of a fixed length and its padding, which must be zero. */
  skipFixed(offset: number, length: number, type: string): number {
    const end = offset + ((length + 3) & ~3);
    if (end > this.length) throw this.short(offset, length, type);
    if ((length & 3) !== 0) this.#checkPadding(end, length, type);
    return end;
  }

  /** Offset after opaque data or a string that carries its length. */
  skipVariable(offset: number, max: number, type: string): number {
    const length = this.variableLength(offset, max, type);
    const end = offset + 4 + ((length + 3) & ~3);
    if (end > this.length) throw this.short(offset + 4, length, type);
    if ((length & 3) !== 0) this.#checkPadding(end, length, type);
    return end;
  }

  variableLength(offset: number, max: number, type: string): number {
    const length = this.uint32(offset, type);
    if (length > max) throw malformed(type, offset, `${length} bytes, at most ${max}`);
    if (length > this.length - offset - 4) throw this.short(offset + 4, length, type);
    return length;
  }

  /** Opaque data of a fixed length, on the same memory. */
  fixed(offset: number, length: number, type: string): Uint8Array {
    this.skipFixed(offset, length, type);
    return this.slice(offset, offset + length);
  }

  /** Opaque data that carries its length, on the same memory. */
  variable(offset: number, max: number, type: string): Uint8Array {
    this.skipVariable(offset, max, type);
    return this.slice(offset + 4, offset + 4 + this.#view.getUint32(offset));
  }

  /** A string, its bytes read as UTF-8; what is not UTF-8 becomes U+FFFD. */
  text(offset: number, max: number, type: string): string {
    this.skipVariable(offset, max, type);
    return this.#buffer.toString("utf8", offset + 4, offset + 4 + this.#view.getUint32(offset));
  }

  /** The bytes of a range, on the same memory. */
  slice(start: number, end: number): Uint8Array {
    this.#checkRange(start, end);
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + start, end - start);
  }

  /** The bytes of a range, each as one character. */
  latin1(start: number, end: number): string {
    this.#checkRange(start, end);
    return this.#buffer.toString("latin1", start, end);
  }

  hex(start: number, end: number): string {
    this.#checkRange(start, end);
    return this.#buffer.toString("hex", start, end);
  }

  base64(start: number, end: number): string {
    this.#checkRange(start, end);
    return this.#buffer.toString("base64", start, end);
  }

  /** The error of data that ends before a value does. */
  short(offset: number, needed: number, type: string): FlowctlError {
    return malformed(
      type,
      offset,
      `${needed} bytes are needed, ${Math.max(0, this.length - offset)} are left`,
    );
  }

  #checkPadding(end: number, length: number, type: string): void {
    const mask = 0xffffffff >>> ((length & 3) << 3);
    if ((this.#view.getUint32(end - 4) & mask) !== 0) {
      throw malformed(type, end - 4, "padding that is not zero");
    }
  }

  #checkRange(start: number, end: number): void {
    if (end > this.length) throw this.short(start, end - start, "bytes");
  }
}

/** The error of bytes that are not what their type says. */
export function malformed(type: string, offset: number, what: string): FlowctlError {
  return new FlowctlError("xdr/malformed", `${type} at byte ${offset}: ${what}`, {
    hint: RETRY_HINT,
  });
}

/** The error of a union arm or an enum value that its type does not have. */
export function unknownArm(type: string, offset: number, value: number): FlowctlError {
  return new FlowctlError("xdr/unknown-arm", `${type} at byte ${offset} has no arm ${value}`, {
    hint: UPDATE_HINT,
  });
}

/** The error of a recursive type nested beyond `MAX_DEPTH`. */
export function tooDeep(type: string, offset: number): FlowctlError {
  return malformed(type, offset, `nested deeper than ${MAX_DEPTH} levels`);
}

/** A generated reader's function: the offset after the value that starts at `offset`. */
export type Skip = (xdr: XdrBytes, offset: number) => number;

/** Checks that the bytes hold one whole value and nothing after it. */
export function checkWhole(skip: Skip, bytes: Uint8Array, type: string): void {
  const xdr = new XdrBytes(bytes);
  const end = skip(xdr, 0);
  if (end > xdr.length) throw xdr.short(end, end - xdr.length, type);
  if (end < xdr.length) throw malformed(type, end, `${xdr.length - end} bytes too many`);
}
