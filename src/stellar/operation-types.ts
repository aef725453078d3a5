/** Types of operations as Hubble names them. */

import { OperationType } from "../gen/xdr/operation-type.ts";
import { snakeName } from "./go-names.ts";

const names: ReadonlyMap<number, string> = new Map(
  Object.entries(OperationType).map(([name, type]) => [type, snakeName(name)]),
);

/** `pathPaymentStrictSend` is `path_payment_strict_send`. */
export function operationTypeText(type: OperationType): string {
  return names.get(type) ?? "";
}
