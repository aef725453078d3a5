/** Which runtime this is, for `flowctl version`. */

import process from "node:process";

export function runtimeName(): string {
  const { bun, deno, node } = process.versions;
  if (bun !== undefined) return `bun-${bun}`;
  if (deno !== undefined) return `deno-${deno}`;
  return `node-${node}`;
}
