import { hash } from "node:crypto";
import type { LiquidityPoolParametersView } from "../gen/xdr/liquidity-pool-parameters.ts";

/** A liquidity pool's id: the hash of its parameters (CAP-38). */
export function poolIdOf(parameters: LiquidityPoolParametersView): Uint8Array {
  return hash("sha256", parameters.toXdr(), "buffer");
}
