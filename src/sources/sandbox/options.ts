/** From the config of a pipeline, or of the command line, to the network that it describes. */

import type { Config } from "../../gen/config/sandbox.ts";
import type { NetworkOptions } from "./network.ts";

const FEWEST_ACCOUNTS = 100;

export function networkOptions(config: Config): NetworkOptions {
  const transactions = config.transactions_per_ledger;
  return {
    passphrase: config.network_passphrase,
    seed: config.seed,
    startLedger: config.start_ledger,
    startTime_s: Date.parse(config.start_time) / 1000,
    closeInterval_s: Math.max(1, Math.round(config.close_interval / 1000)),
    transactions,
    sorobanShare: config.soroban_share,
    failureShare: config.failure_share,
    accounts: config.accounts ?? Math.max(FEWEST_ACCOUNTS, 2 * transactions),
  };
}

/** The last ledger that a config asks for; undefined: it never ends. */
export function lastLedger(config: Config): number | undefined {
  const byCount = config.ledgers && config.start_ledger + config.ledgers - 1;
  if (config.end_ledger === undefined) return byCount;
  return byCount === undefined ? config.end_ledger : Math.min(byCount, config.end_ledger);
}
