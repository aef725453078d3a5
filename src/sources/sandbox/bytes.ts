/** Small helpers over byte arrays. XDR values concatenate, so what is encoded once can be reused. */

import { hash } from "node:crypto";

export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const digest: Uint8Array = hash("sha256", concat(parts), "buffer");
  return new Uint8Array(digest.buffer, digest.byteOffset, digest.byteLength);
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** XDR's unsigned int, which is also its int, enum value and union discriminant. */
export function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

export function uint64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return bytes;
}

/** XDR's array: its count, then its elements, which are encoded already. */
export function array(elements: readonly Uint8Array[]): Uint8Array {
  return concat([uint32(elements.length), ...elements]);
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Order of hashes as numbers, most significant byte first. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  for (let i = 0; i < left.length; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

export function xor(left: Uint8Array, right: Uint8Array): Uint8Array {
  return left.map((byte, i) => byte ^ (right[i] ?? 0));
}
