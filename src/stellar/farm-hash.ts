/**
 * FarmHash's Fingerprint64, the hash that is the same on every machine and in every version. Hubble
 * numbers assets with it. Plain bigint arithmetic: it is slow, so results are to be cached.
 */

import { Buffer } from "node:buffer";

const K0 = 0xc3a5c85c97cb3127n;
const K1 = 0xb492b66fbe98f273n;
const K2 = 0x9ae16a3b2f90404fn;
const MASK = 0xffffffffffffffffn;

type Pair = readonly [bigint, bigint];

/** The fingerprint of the text's UTF-8 bytes, unsigned. */
export function fingerprint64(text: string): bigint {
  const bytes = Buffer.from(text, "utf8");
  if (bytes.length <= 16) return upTo16(bytes);
  if (bytes.length <= 32) return upTo32(bytes);
  return bytes.length <= 64 ? upTo64(bytes) : longer(bytes);
}

function upTo16(bytes: Buffer): bigint {
  const length = bytes.length;
  const mul = wrap(K2 + BigInt(length * 2));
  if (length >= 8) {
    const a = wrap(word(bytes, 0) + K2);
    const b = word(bytes, length - 8);
    return mix(wrap(rotate(b, 37n) * mul + a), wrap((rotate(a, 25n) + b) * mul), mul);
  }
  if (length >= 4) {
    const first = BigInt(bytes.readUInt32LE(0));
    return mix(BigInt(length) + (first << 3n), BigInt(bytes.readUInt32LE(length - 4)), mul);
  }
  if (length === 0) return K2;
  const y = BigInt((bytes[0] ?? 0) + ((bytes[length >> 1] ?? 0) << 8));
  const z = BigInt(length + ((bytes[length - 1] ?? 0) << 2));
  return wrap(shift(wrap(y * K2) ^ wrap(z * K0)) * K2);
}

function upTo32(bytes: Buffer): bigint {
  const length = bytes.length;
  const mul = wrap(K2 + BigInt(length * 2));
  const a = wrap(word(bytes, 0) * K1);
  const b = word(bytes, 8);
  const c = wrap(word(bytes, length - 8) * mul);
  const d = wrap(word(bytes, length - 16) * K2);
  return mix(
    wrap(rotate(wrap(a + b), 43n) + rotate(c, 30n) + d),
    wrap(a + rotate(wrap(b + K2), 18n) + c),
    mul,
  );
}

function upTo64(bytes: Buffer): bigint {
  const length = bytes.length;
  const mul = wrap(K2 + BigInt(length * 2));
  const a = wrap(word(bytes, 0) * K2);
  const b = word(bytes, 8);
  const c = wrap(word(bytes, length - 8) * mul);
  const d = wrap(word(bytes, length - 16) * K2);
  const y = wrap(rotate(wrap(a + b), 43n) + rotate(c, 30n) + d);
  const z = mix(y, wrap(a + rotate(wrap(b + K2), 18n) + c), mul);
  const e = wrap(word(bytes, 16) * mul);
  const f = word(bytes, 24);
  const g = wrap((y + word(bytes, length - 32)) * mul);
  const h = wrap((z + word(bytes, length - 24)) * mul);
  return mix(
    wrap(rotate(wrap(e + f), 43n) + rotate(g, 30n) + h),
    wrap(e + rotate(wrap(f + a), 18n) + g),
    mul,
  );
}

/** Blocks of 64 bytes; the last one ends with the text and may overlap the one before. */
function longer(bytes: Buffer): bigint {
  const last = bytes.length - 1;
  const end = last - (last & 63);
  const seed = 81n;
  let state: State = {
    x: wrap(seed * K2 + word(bytes, 0)),
    y: wrap(seed * K1 + 113n),
    z: wrap(shift(wrap((seed * K1 + 113n) * K2 + 113n)) * K2),
    v: [0n, 0n],
    w: [0n, 0n],
  };
  for (let at = 0; at < end; at += 64) state = round(bytes, at, state, K1, 1n);
  const mul = wrap(K1 + ((state.z & 0xffn) << 1n));
  const w0 = wrap(state.w[0] + BigInt(last & 63));
  const v0 = wrap(state.v[0] + w0);
  const primed: State = {
    ...state,
    v: [v0, state.v[1]],
    w: [wrap(w0 + v0), state.w[1]],
  };
  const { x, y, z, v, w } = round(bytes, last - 63, primed, mul, 9n);
  return mix(
    wrap(mix(v[0], w[0], mul) + shift(y) * K0 + z),
    wrap(mix(v[1], w[1], mul) + x),
    mul,
  );
}

interface State {
  readonly x: bigint;
  readonly y: bigint;
  readonly z: bigint;
  readonly v: Pair;
  readonly w: Pair;
}

/** One block; `weight` is 1 but in the last. The roles of x and z change with each. */
function round(bytes: Buffer, at: number, state: State, mul: bigint, weight: bigint): State {
  const { v, w } = state;
  let x = wrap(rotate(wrap(state.x + state.y + v[0] + word(bytes, at + 8)), 37n) * mul);
  let y = wrap(rotate(wrap(state.y + v[1] + word(bytes, at + 48)), 42n) * mul);
  x ^= wrap(w[1] * weight);
  y = wrap(y + v[0] * weight + word(bytes, at + 40));
  const z = wrap(rotate(wrap(state.z + w[0]), 33n) * mul);
  return {
    x: z,
    y,
    z: x,
    v: weak(bytes, at, wrap(v[1] * mul), wrap(x + w[0])),
    w: weak(bytes, at + 32, wrap(z + w[1]), wrap(y + word(bytes, at + 16))),
  };
}

function weak(bytes: Buffer, at: number, seedA: bigint, seedB: bigint): Pair {
  const last = word(bytes, at + 24);
  const first = wrap(seedA + word(bytes, at));
  const mixed = rotate(wrap(seedB + first + last), 21n);
  const sum = wrap(first + word(bytes, at + 8) + word(bytes, at + 16));
  return [wrap(sum + last), wrap(mixed + rotate(sum, 44n) + first)];
}

function mix(u: bigint, v: bigint, mul: bigint): bigint {
  const a = shift(wrap((u ^ v) * mul));
  const b = shift(wrap((v ^ a) * mul));
  return wrap(b * mul);
}

function shift(value: bigint): bigint {
  return value ^ (value >> 47n);
}

function rotate(value: bigint, bits: bigint): bigint {
  return wrap((value >> bits) | (value << (64n - bits)));
}

function word(bytes: Buffer, offset: number): bigint {
  return bytes.readBigUInt64LE(offset);
}

function wrap(value: bigint): bigint {
  return value & MASK;
}
