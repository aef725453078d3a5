/** Messages that are nearly right: made from their declaration, then damaged. */

import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";

const TEXTS = ["", "x", "load-1", "\u0000", "\ud83d\ude00", "../..", "'; DROP TABLE x; --", "%s%n"];
const NUMBERS = [0, 1, -1, 2_147_483_647, -2_147_483_648, 99];

/** Bytes of a message of this kind, most of them with a few bytes changed, cut or repeated. */
export function randomMessage(input: DescMessage, random: () => number): Uint8Array<ArrayBuffer> {
  let bytes = new Uint8Array(toBinary(input, filled(input, random)));
  const damages = Math.floor(random() * 4);
  for (let damage = 0; damage < damages; damage++) bytes = damaged(bytes, random);
  return bytes;
}

/** JSON text of a message of this kind, likewise damaged. */
export function randomJson(input: DescMessage, random: () => number): string {
  const bytes = new Uint8Array(Buffer.from(jsonOf(input, random)));
  const kind = random();
  if (kind < 0.1) return "[".repeat(100_000);
  if (kind < 0.2) return `{"${"a".repeat(10_000)}": 1e999}`;
  if (kind < 0.3) return `{"__proto__": {"x": 1}, "constructor": null}`;
  return Buffer.from(kind < 0.5 ? bytes : damaged(bytes, random)).toString("utf8");
}

/** JSON has no form for some of what binary messages hold, such as times beyond the year 9999. */
function jsonOf(input: DescMessage, random: () => number): string {
  try {
    return toJsonString(input, filled(input, random));
  } catch {
    return jsonOf(input, random);
  }
}

export function randomBytes(length: number, random: () => number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: Math.floor(length) }, () => random() * 256);
}

function damaged(bytes: Uint8Array<ArrayBuffer>, random: () => number): Uint8Array<ArrayBuffer> {
  const at = Math.floor(random() * bytes.length);
  switch (Math.floor(random() * 4)) {
    case 0: {
      const copy = bytes.slice();
      copy[at] = random() * 256;
      return copy;
    }
    case 1:
      return bytes.slice(0, at);
    case 2:
      return new Uint8Array([
        ...bytes.subarray(0, at),
        ...randomBytes(8, random),
        ...bytes.subarray(at),
      ]);
    default:
      return new Uint8Array([...bytes, ...bytes.subarray(at)]);
  }
}

function filled(input: DescMessage, random: () => number, depth = 0) {
  const message = create(input);
  const target = reflect(input, message);
  for (const field of input.fields) {
    if (random() < 0.3) continue;
    try {
      fill(target, field, random, depth);
    } catch {
      // A value that the field cannot hold: it stays empty.
    }
  }
  return message;
}

function fill(
  target: ReturnType<typeof reflect>,
  field: DescField,
  random: () => number,
  depth: number,
): void {
  if (field.fieldKind === "message") {
    if (depth < 3) {
      target.set(field, reflect(field.message, filled(field.message, random, depth + 1)));
    }
  } else if (field.fieldKind === "scalar") {
    target.set(field, scalar(field, random));
  } else if (field.fieldKind === "enum") {
    target.set(field, Math.floor(random() * 12));
  } else if (field.fieldKind === "map" && field.mapKind === "scalar") {
    const map = target.get(field);
    for (let n = 0; n < 3; n++) map.set(`key-${n}`, scalarOf(field.scalar, random));
  } else if (field.fieldKind === "list" && field.listKind === "scalar") {
    const list = target.get(field);
    for (let n = 0; n < 3; n++) list.add(scalarOf(field.scalar, random));
  }
}

function scalar(field: DescField & { readonly fieldKind: "scalar" }, random: () => number) {
  return scalarOf(field.scalar, random);
}

/** Numbers of ScalarType: 8 bool, 9 string, 12 bytes, 3, 4, 6, 16 and 18 of 64 bits, 1 and 2 float. */
function scalarOf(type: number, random: () => number): unknown {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  if (type === 8) return random() < 0.5;
  if (type === 9) return random() < 0.05 ? "y".repeat(5_000) : pick(TEXTS);
  if (type === 12) return randomBytes(random() * 50, random);
  if ([3, 4, 6, 16, 18].includes(type)) return BigInt(Math.floor(random() * 1e15));
  if (type === 1 || type === 2) return pick([0, 1.5, -1e300, Number.NaN, Number.POSITIVE_INFINITY]);
  return pick(NUMBERS);
}
