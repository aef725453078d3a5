/** What the generated views have in common: a value that stays bytes until a field is read. */

import type { Skip, XdrBytes } from "./xdr-bytes.ts";

export abstract class XdrView {
  readonly xdr: XdrBytes;
  /** Byte where the value starts. */
  readonly offset: number;

  constructor(xdr: XdrBytes, offset = 0) {
    this.xdr = xdr;
    this.offset = offset;
  }

  /** Byte after the value. Reading it checks the value as strictly as the SDK's decode does. */
  abstract get endOffset(): number;

  /** The value's XDR, on the same memory. */
  toXdr(): Uint8Array {
    return this.xdr.slice(this.offset, this.endOffset);
  }

  toXdrBase64(): string {
    return this.xdr.base64(this.offset, this.endOffset);
  }
}

/** How an array's elements are read. */
export interface ElementShape<T> {
  readonly skip: Skip;
  readonly read: (xdr: XdrBytes, offset: number) => T;
}

/** An array that stays bytes: `length` is free, iterating finds one element after the other. */
export class ArrayView<T> implements Iterable<T> {
  readonly length: number;
  /** Byte where the first element starts. */
  readonly offset: number;
  readonly #xdr: XdrBytes;
  readonly #shape: ElementShape<T>;

  constructor(xdr: XdrBytes, offset: number, length: number, shape: ElementShape<T>) {
    this.#xdr = xdr;
    this.offset = offset;
    this.length = length;
    this.#shape = shape;
  }

  /** The element at `index`, found by walking those before it; undefined outside the array. */
  at(index: number): T | undefined {
    if (index < 0 || index >= this.length) return undefined;
    let offset = this.offset;
    for (let i = 0; i < index; i++) offset = this.#shape.skip(this.#xdr, offset);
    return this.#shape.read(this.#xdr, offset);
  }

  /** All elements, found in one walk. */
  toArray(): T[] {
    const { skip, read } = this.#shape;
    const elements: T[] = [];
    let offset = this.offset;
    for (let i = 0; i < this.length; i++) {
      elements.push(read(this.#xdr, offset));
      if (i + 1 < this.length) offset = skip(this.#xdr, offset);
    }
    return elements;
  }

  [Symbol.iterator](): Iterator<T> {
    const { skip, read } = this.#shape;
    const xdr = this.#xdr;
    let left = this.length;
    let offset = this.offset;
    let started = false;
    return {
      next: (): IteratorResult<T> => {
        if (left === 0) return { done: true, value: undefined };
        if (started) offset = skip(xdr, offset);
        started = true;
        left--;
        return { done: false, value: read(xdr, offset) };
      },
    };
  }
}
