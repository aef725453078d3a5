/** Contract values as JSON, in the form of SEP-51: the one that Stellar's own tools print. */

import type { Json } from "../flow/batch.ts";
import { skipScVal } from "../gen/xdr/sc-val.ts";
import { scErrorCodeName } from "../gen/xdr/sc-error-code.ts";
import { scErrorTypeName } from "../gen/xdr/sc-error-type.ts";
import { ScValType } from "../gen/xdr/sc-val-type.ts";
import { skipScAddress } from "../gen/xdr/sc-address.ts";
import { scAddress } from "./address.ts";
import { int128Digits, int256Digits, uint128Digits } from "./amount.ts";
import { UNBOUNDED, unknownArm, type XdrBytes } from "./xdr/xdr-bytes.ts";

/** The ScVal at `offset`; its nesting is checked first. */
export function scValJson(xdr: XdrBytes, offset: number): Json {
  skipScVal(xdr, offset);
  return new Reader(xdr, offset).value();
}

/** Reads one value after the other, so that no value is walked twice. */
class Reader {
  readonly #xdr: XdrBytes;
  #offset: number;

  constructor(xdr: XdrBytes, offset: number) {
    this.#xdr = xdr;
    this.#offset = offset;
  }

  value(): Json {
    const xdr = this.#xdr;
    const start = this.#offset;
    const type = xdr.int32(start, "ScVal");
    const at = start + 4;
    switch (type) {
      case ScValType.scvBool:
        return this.#moved(4, { bool: xdr.bool(at, "ScVal") });
      case ScValType.scvVoid:
        return this.#moved(0, "void");
      case ScValType.scvError:
        return this.#moved(8, { error: this.#error(at) });
      case ScValType.scvU32:
        return this.#moved(4, { u32: xdr.uint32(at, "ScVal") });
      case ScValType.scvI32:
        return this.#moved(4, { i32: xdr.int32(at, "ScVal") });
      case ScValType.scvU64:
        return this.#moved(8, { u64: String(xdr.uint64(at, "ScVal")) });
      case ScValType.scvI64:
        return this.#moved(8, { i64: String(xdr.int64(at, "ScVal")) });
      case ScValType.scvTimepoint:
        return this.#moved(8, { timepoint: String(xdr.uint64(at, "ScVal")) });
      case ScValType.scvDuration:
        return this.#moved(8, { duration: String(xdr.uint64(at, "ScVal")) });
      case ScValType.scvU128:
        return this.#moved(16, { u128: uint128Digits(xdr, at) });
      case ScValType.scvI128:
        return this.#moved(16, { i128: int128Digits(xdr, at) });
      case ScValType.scvU256:
        return this.#moved(32, { u256: int256Digits(xdr, at, false) });
      case ScValType.scvI256:
        return this.#moved(32, { i256: int256Digits(xdr, at, true) });
      case ScValType.scvBytes:
        return { bytes: this.#hex(at) };
      case ScValType.scvString:
        return { string: this.#text(at) };
      case ScValType.scvSymbol:
        return { symbol: this.#text(at) };
      case ScValType.scvVec:
        return { vec: this.#list(at, () => this.value()) };
      case ScValType.scvMap:
        return { map: this.#list(at, () => this.#entry()) };
      case ScValType.scvAddress:
        this.#offset = skipScAddress(xdr, at);
        return { address: scAddress(xdr, at) };
      case ScValType.scvContractInstance:
        return { contract_instance: this.#instance(at) };
      case ScValType.scvLedgerKeyContractInstance:
        return this.#moved(0, "ledger_key_contract_instance");
      case ScValType.scvLedgerKeyNonce:
        return this.#moved(8, {
          ledger_key_nonce: { nonce: String(xdr.int64(at, "ScNonceKey")) },
        });
      case ScValType.scvExecutableTag:
        return { executable_tag: this.#text(at) };
      default:
        throw unknownArm("ScVal", start, type);
    }
  }

  #moved(length: number, json: Json): Json {
    this.#offset += 4 + length;
    return json;
  }

  #error(at: number): Json {
    const type = this.#xdr.int32(at, "ScError");
    const code = this.#xdr.uint32(at + 4, "ScError");
    const name = scErrorTypeName(type);
    if (name === undefined) throw unknownArm("ScError", at, type);
    if (name === "sceContract") return { contract: code };
    const reason = scErrorCodeName(code) ?? "scecInternalError";
    return { [snake(name, "sce")]: snake(reason, "scec") };
  }

  #hex(at: number): string {
    const xdr = this.#xdr;
    this.#offset = xdr.skipVariable(at, UNBOUNDED, "ScVal");
    return xdr.hex(at + 4, at + 4 + xdr.uint32(at, "ScVal"));
  }

  #text(at: number): string {
    const xdr = this.#xdr;
    this.#offset = xdr.skipVariable(at, UNBOUNDED, "ScVal");
    return escaped(xdr, at + 4, at + 4 + xdr.uint32(at, "ScVal"));
  }

  /** An optional array: null when it is absent. */
  #list(at: number, element: () => Json): Json {
    if (!this.#xdr.bool(at, "ScVal")) {
      this.#offset = at + 4;
      return null;
    }
    const count = this.#xdr.count(at + 4, UNBOUNDED, "ScVal");
    this.#offset = at + 8;
    const list: Json[] = [];
    for (let i = 0; i < count; i++) list.push(element());
    return list;
  }

  #entry(): Json {
    const key = this.value();
    return { key, val: this.value() };
  }

  #instance(at: number): Json {
    const executable = this.#executable(at);
    return { executable, storage: this.#list(this.#offset, () => this.#entry()) };
  }

  #executable(at: number): Json {
    const xdr = this.#xdr;
    const type = xdr.int32(at, "ContractExecutable");
    switch (type) {
      case 0:
        this.#offset = at + 36;
        return { wasm: xdr.hex(at + 4, at + 36) };
      case 1:
        this.#offset = at + 4;
        return "stellar_asset";
      case 2: {
        const tagAt = skipScAddress(xdr, at + 4);
        const tag = this.#text(tagAt);
        return { external_ref: { executable_owner: scAddress(xdr, at + 4), tag } };
      }
      default:
        throw unknownArm("ContractExecutable", at, type);
    }
  }
}

/** Text as SEP-51 escapes it: printable ASCII as it is, the rest as \0 \t \n \r \\ or \xNN. */
function escaped(xdr: XdrBytes, start: number, end: number): string {
  const text = xdr.latin1(start, end);
  return PLAIN.test(text) ? text : text.replace(SPECIAL, escapeOf);
}

const PLAIN = /^[ -[\]-~]*$/;
const SPECIAL = /[^ -[\]-~]/g;
const NAMED: Readonly<Record<string, string>> = {
  "\0": "\\0",
  "\t": "\\t",
  "\n": "\\n",
  "\r": "\\r",
  "\\": "\\\\",
};

function escapeOf(letter: string): string {
  return NAMED[letter] ?? `\\x${letter.charCodeAt(0).toString(16).padStart(2, "0")}`;
}

/** `scecArithDomain` without `scec` → `arith_domain`. */
function snake(name: string, prefix: string): string {
  return name.slice(prefix.length).replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).slice(
    1,
  );
}
