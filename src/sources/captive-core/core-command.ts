/** How stellar-core is asked for a range, or to follow the network. */

import type { Config } from "../../gen/config/captive-core.ts";

const META_ARGS = ["--metadata-output-stream", "fd:3"] as const;

/** The first ledger that core has without catching up: genesis. */
const GENESIS = 1;

export interface CorePlan {
  /** Run to their end before the stream, one after the other; they write no ledgers. */
  readonly before: readonly (readonly string[])[];
  /** Writes the ledgers. */
  readonly args: readonly string[];
}

/**
 * A range that ends is replayed by `catchup LAST/COUNT`. To follow, core first catches up to the
 * ledger before `from` and then runs from there; without `from` it joins where the network is.
 */
export function corePlan(
  config: Pick<Config, "args" | "config_path">,
  from: number | undefined,
  to: number | undefined,
): CorePlan {
  const conf = config.config_path === undefined ? [] : ["--conf", config.config_path];
  const count = from === undefined || to === undefined ? undefined : to - from + 1;
  if (config.args !== undefined && config.args.length > 0) {
    const values = { from, to, count };
    return { before: [], args: config.args.map((arg) => filled(arg, values)) };
  }
  if (from !== undefined && to !== undefined) {
    return { before: [], args: ["catchup", `${to}/${count}`, ...conf, ...META_ARGS] };
  }
  const run = ["run", ...conf, ...META_ARGS];
  const hasState = from === undefined || from - 1 <= GENESIS;
  return { before: hasState ? [] : [["catchup", `${from - 1}/0`, ...conf]], args: run };
}

function filled(arg: string, values: Readonly<Record<string, number | undefined>>): string {
  return arg.replace(/\{(from|to|count)\}/g, (_, name: string) => String(values[name] ?? ""));
}
