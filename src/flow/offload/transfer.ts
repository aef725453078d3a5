/** Memory that changes hands between threads instead of being copied. */

import type { Packed } from "../component.ts";
import type { JobResult } from "./messages.ts";

/** The same with memory of its own, which it may not have: small buffers share theirs. */
export function movable(packed: Packed): Packed & { readonly bytes: Uint8Array<ArrayBuffer> } {
  const { bytes } = packed;
  return { ...packed, bytes: hasOwnMemory(bytes) ? bytes : bytes.slice() };
}

function hasOwnMemory(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer && bytes.buffer.byteLength === bytes.byteLength;
}

export function buffersOf({ packed, ledgers }: JobResult): readonly ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  const add = ({ buffer }: Uint8Array) => buffer instanceof ArrayBuffer && buffers.add(buffer);
  add(packed.bytes);
  for (const { bare, made } of ledgers) {
    if (bare !== undefined) add(bare);
    for (const { transfer } of Object.values(made?.encoded ?? {}).flat()) {
      for (const buffer of transfer) buffers.add(buffer);
    }
  }
  return [...buffers];
}

/** What a result holds in memory, bytes. */
export function sizeOf(result: JobResult): number {
  return buffersOf(result).reduce((sum, { byteLength }) => sum + byteLength, 0);
}
