/** Parameters of contract calls in the four forms that Hubble has them. */

import type { Json } from "../../flow/batch.ts";
import type { InvokeContractArgsView } from "../../gen/xdr/invoke-contract-args.ts";
import { ScValType } from "../../gen/xdr/sc-val-type.ts";
import type { ScValView } from "../../gen/xdr/sc-val.ts";
import { scAddress } from "../../stellar/address.ts";
import { scValJson } from "../../stellar/sc-val-json.ts";
import { scValArm, scValText } from "../../stellar/sc-val-text.ts";
import type { Details } from "./detail-parts.ts";

export interface Parameter {
  readonly type: string;
  readonly base64: string;
  readonly text: string;
  readonly json: Json;
}

export function addParameters(details: Details, parameters: readonly Parameter[]): void {
  details["parameters"] = parameters.map(({ type, base64 }) => ({ type, value: base64 }));
  details["parameters_decoded"] = parameters.map(({ type, text }) => ({ type, value: text }));
  details["parameters_json"] = parameters.map(({ base64 }) => base64);
  details["parameters_json_decoded"] = parameters.map(({ json }) => json);
}

/** Contract and function count as the first two parameters. */
export function callParameters(call: InvokeContractArgsView): readonly Parameter[] {
  const { xdr, contractAddressOffset, functionNameOffset, argsOffset } = call;
  const contract = scAddress(xdr, contractAddressOffset);
  const name = call.functionName;
  const base64 = (type: number, start: number, end: number) =>
    Buffer.concat([Buffer.of(0, 0, 0, type), xdr.slice(start, end)]).toString("base64");
  return [
    {
      type: "Address",
      base64: base64(ScValType.scvAddress, contractAddressOffset, functionNameOffset),
      text: contract,
      json: { address: contract },
    },
    {
      type: "Sym",
      base64: base64(ScValType.scvSymbol, functionNameOffset, argsOffset),
      text: name,
      json: { symbol: name },
    },
  ];
}

export function argumentsOf(values: Iterable<ScValView>): readonly Parameter[] {
  return Array.from(values, (value) => ({
    type: scValArm(value.type),
    base64: value.toXdrBase64(),
    text: scValText(value),
    json: scValJson(value.xdr, value.offset),
  }));
}
