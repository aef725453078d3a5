/** Any XDR value as JSON (SEP-51), its type given or guessed. Decodes whole: for people, not rows. */

import { Buffer } from "node:buffer";
import { xdr } from "@stellar/stellar-sdk";
import { FlowctlError, messageOf } from "../spec/errors.ts";
import { suggest } from "../spec/nearest.ts";

/** What people paste most, the likelier first: bytes that fit several types are taken for the first. */
const GUESSES = [
  "LedgerCloseMetaBatch",
  "LedgerCloseMeta",
  "TransactionEnvelope",
  "TransactionMeta",
  "TransactionResultPair",
  "TransactionResult",
  "DiagnosticEvent",
  "ContractEvent",
  "TransactionEvent",
  "LedgerHeaderHistoryEntry",
  "LedgerHeader",
  "LedgerEntry",
  "LedgerEntryData",
  "LedgerKey",
  "SorobanAuthorizationEntry",
  "SorobanTransactionData",
  "GeneralizedTransactionSet",
  "TransactionSet",
  "ScpEnvelope",
  "Operation",
  "OperationResult",
  "ScVal",
  "ScAddress",
  "Asset",
  "AccountId",
] as const;

interface XdrValue {
  toJson(): unknown;
  toXDR(format: "base64"): string;
}

interface XdrClass {
  fromXDR(text: string, format: "base64"): XdrValue;
}

const classes = xdr as unknown as Readonly<Record<string, unknown>>;

function isXdrClass(value: unknown): value is XdrClass {
  return typeof value === "function" && "fromXDR" in value && "schema" in value;
}

/** Every type that can be named, in the order of the alphabet. */
export function xdrTypeNames(): readonly string[] {
  return Object.keys(classes).filter((name) => isXdrClass(classes[name])).sort();
}

export interface DecodedXdr {
  readonly type: string;
  /** Other guesses that the same bytes fit as well. */
  readonly also: readonly string[];
  readonly json: unknown;
}

/** Bytes as one XDR value of that type. */
export function xdrToJson(type: string, bytes: Uint8Array): unknown {
  return read(classOf(type), Buffer.from(bytes).toString("base64")).toJson();
}

/**
 * Decodes base64 XDR; without a type, as the first likely one that takes all of its bytes.
 * Errors: `cli/usage` for a type that there is not, and for a text that holds no value of the type.
 */
export function decodeXdr(text: string, type: string | undefined): DecodedXdr {
  const base64 = base64Of(text);
  if (type !== undefined) {
    const named = classOf(type);
    try {
      return { type: properName(type), also: [], json: read(named, base64).toJson() };
    } catch (cause) {
      throw new FlowctlError("cli/usage", `this is no ${type}: ${messageOf(cause)}`, {
        hint: "Leave --type out to have the type guessed.",
        cause,
      });
    }
  }
  const fits = GUESSES.flatMap((name) => {
    const value = attempt(() => read(classOf(name), base64));
    return value === undefined ? [] : [{ name, value }];
  });
  const [first, ...others] = fits;
  if (first === undefined) {
    if (STRKEY.test(text.trim())) {
      throw new FlowctlError("cli/usage", "this is an address (SEP-23), not XDR", {
        hint: "Decode a value of the ledger, such as an envelope, a result or an event.",
      });
    }
    throw new FlowctlError("cli/usage", "these bytes fit none of the types that are guessed", {
      hint: "Name the type with --type; `flowctl decode --types` lists them all.",
    });
  }
  return { type: first.name, also: others.map(({ name }) => name), json: first.value.toJson() };
}

const HEX = /^(?:0x((?:[0-9a-f]{8})+)|(00[0-9a-f]{6}(?:[0-9a-f]{8})*))$/i;
const STRKEY = /^[GMTXPCLB][A-Z2-7]{20,}$/;

/**
 * What people paste: with line breaks or quotes around it, in either alphabet (RFC 4648, sections 4
 * and 5), with its padding or without; or in hex. XDR begins with small numbers, so hex of it has
 * zeros where base64 of it has As.
 */
function base64Of(text: string): string {
  const plain = text.replace(/\s+/g, "").replace(/^(["'])(.*)\1,?$/, "$2");
  const [, marked, bare] = HEX.exec(plain) ?? [];
  const hex = marked ?? bare;
  if (hex !== undefined) return Buffer.from(hex, "hex").toString("base64");
  const base64 = plain.replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/, "");
  if (/^[A-Za-z0-9+/]+$/.test(base64) && base64.length % 4 !== 1) {
    return base64.padEnd(Math.ceil(base64.length / 4) * 4, "=");
  }
  throw new FlowctlError("cli/usage", "this is not base64", {
    hint: "Give the whole value, as it is stored or shown.",
  });
}

/** A value that does not come back as the same bytes was not of that type. */
function read(named: XdrClass, base64: string): XdrValue {
  const value = named.fromXDR(base64, "base64");
  if (value.toXDR("base64") !== base64) throw new Error("it is longer than that type");
  return value;
}

function properName(type: string): string {
  return xdrTypeNames().find((name) => name.toLowerCase() === type.toLowerCase()) ?? type;
}

function classOf(type: string): XdrClass {
  const named = classes[properName(type)];
  if (isXdrClass(named)) return named;
  const hint = suggest(type, xdrTypeNames(), "types");
  throw new FlowctlError(
    "cli/usage",
    `there is no XDR type called ${type}`,
    hint === undefined ? {} : { hint },
  );
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
