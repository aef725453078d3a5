/** Contract values as the one line of text that Hubble shows beside their JSON: Go's String(). */

import { ScErrorType, scErrorTypeName } from "../gen/xdr/sc-error-type.ts";
import { scErrorCodeName } from "../gen/xdr/sc-error-code.ts";
import type { ScMapEntryView } from "../gen/xdr/sc-map-entry.ts";
import { ScValType } from "../gen/xdr/sc-val-type.ts";
import type { ScValView } from "../gen/xdr/sc-val.ts";
import { scAddress } from "./address.ts";
import { int128Digits, int256Digits, uint128Digits } from "./amount.ts";

/** The arms' names in Go, by type: what Hubble calls the type of a parameter. */
const ARMS: ReadonlyMap<number, string> = new Map<number, string>([
  [ScValType.scvBool, "B"],
  [ScValType.scvError, "Error"],
  [ScValType.scvU32, "U32"],
  [ScValType.scvI32, "I32"],
  [ScValType.scvU64, "U64"],
  [ScValType.scvI64, "I64"],
  [ScValType.scvTimepoint, "Timepoint"],
  [ScValType.scvDuration, "Duration"],
  [ScValType.scvU128, "U128"],
  [ScValType.scvI128, "I128"],
  [ScValType.scvU256, "U256"],
  [ScValType.scvI256, "I256"],
  [ScValType.scvBytes, "Bytes"],
  [ScValType.scvString, "Str"],
  [ScValType.scvSymbol, "Sym"],
  [ScValType.scvVec, "Vec"],
  [ScValType.scvMap, "Map"],
  [ScValType.scvAddress, "Address"],
  [ScValType.scvContractInstance, "Instance"],
  [ScValType.scvLedgerKeyNonce, "NonceKey"],
]);

/** Empty for the types without a value. */
export function scValArm(type: number): string {
  return ARMS.get(type) ?? "";
}

/** Its nesting is bounded by a check of the outermost value. */
export function scValText(value: ScValView): string {
  void value.endOffset;
  return textOf(value);
}

function textOf(value: ScValView): string {
  const { xdr } = value;
  const at = value.offset + 4;
  switch (value.type) {
    case ScValType.scvBool:
      return String(value.b);
    case ScValType.scvVoid:
      return "(void)";
    case ScValType.scvError:
      return errorText(value);
    case ScValType.scvU32:
      return String(value.u32);
    case ScValType.scvI32:
      return String(value.i32);
    case ScValType.scvU64:
      return String(value.u64);
    case ScValType.scvI64:
      return String(value.i64);
    case ScValType.scvTimepoint:
      return timepointText(value.timepoint ?? 0n);
    case ScValType.scvDuration:
      return String(value.duration);
    case ScValType.scvU128:
      return uint128Digits(xdr, at);
    case ScValType.scvI128:
      return int128Digits(xdr, at);
    case ScValType.scvU256:
      return int256Digits(xdr, at, false);
    case ScValType.scvI256:
      return int256Digits(xdr, at, true);
    case ScValType.scvBytes:
      return Buffer.from(value.bytes ?? []).toString("hex");
    case ScValType.scvString:
      return value.str ?? "";
    case ScValType.scvSymbol:
      return value.sym ?? "";
    case ScValType.scvVec:
      return value.vec ? `[${value.vec.toArray().map(textOf).join(" ")}]` : "nil";
    case ScValType.scvMap:
      return value.map ? mapText(value.map) : "nil";
    case ScValType.scvAddress:
      return scAddress(xdr, at);
    case ScValType.scvContractInstance:
      return instanceText(value);
    case ScValType.scvLedgerKeyContractInstance:
      return "(LedgerKeyContractInstance)";
    case ScValType.scvLedgerKeyNonce:
      return `{${(value.nonceKey?.nonce ?? 0n).toString(16).toUpperCase()}}`;
    default:
      return "unknown";
  }
}

function mapText(entries: Iterable<ScMapEntryView>): string {
  return `[${Array.from(entries, ({ key, val }) => `{${textOf(key)} ${textOf(val)}}`).join(" ")}]`;
}

function errorText(value: ScValView): string {
  const error = value.error;
  if (error === undefined) return "unknown";
  const type = `ScErrorType${capital(scErrorTypeName(error.type))}`;
  if (error.type === ScErrorType.sceContract) return `${type}(${error.contractCode})`;
  return `${type}(ScErrorCode${capital(scErrorCodeName(error.code ?? -1))})`;
}

/** As Go prints a time: `2024-02-06 19:00:39 +0000 UTC`. */
function timepointText(seconds: bigint): string {
  const time = new Date(Number(seconds) * 1000);
  if (Number.isNaN(time.getTime())) return String(seconds);
  return `${time.toISOString().slice(0, 19).replace("T", " ")} +0000 UTC`;
}

function instanceText(value: ScValView): string {
  const { executable, storage } = value.instance ?? {};
  const wasm = executable?.wasmHash;
  const name = wasm === undefined
    ? executable?.type === 1 ? "(StellarAssetContract)" : ""
    : Buffer.from(wasm).toString("hex");
  return storage && storage.length > 0 ? `${name}: ${mapText(storage)}` : name;
}

function capital(name = ""): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
