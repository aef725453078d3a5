/**
 * W3C trace context (https://www.w3.org/TR/trace-context/) of a ledger. The ids derive from source
 * and ledger, so what all agents do with one ledger is one trace, also when it is sent again.
 */

import { createHash } from "node:crypto";

const VERSION = "00";
const SAMPLED = "01";

export function traceparentOf(source: string, ledger: number): string {
  const digest = createHash("sha256").update(`${source}\n${ledger}`).digest("hex");
  return [VERSION, digest.slice(0, 32), digest.slice(32, 48), SAMPLED].join("-");
}
