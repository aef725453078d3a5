/** The sandbox as a source: its ledgers in order, at the pace that the config asks for. */

import { setTimeout as sleep } from "node:timers/promises";
import type { Batch } from "../../flow/batch.ts";
import type { ComponentContext, LedgerRange, Source } from "../../flow/component.ts";
import type { Config } from "../../gen/config/sandbox.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { ledgerBatch } from "../../stellar/ledger-batch.ts";
import { configOf, invalidConfig } from "../../flow/component-config.ts";
import { type SandboxNetwork, sandboxNetwork } from "./network.ts";
import { lastLedger, networkOptions } from "./options.ts";

/** So long, at most, ledgers that nobody asked for are made without letting others have a turn. */
const TURN_MS = 20;

export function createSandboxSource(context: ComponentContext): Source {
  const config = configOf<Config>(context);
  const first = config.start_ledger;
  const last = lastLedger(config);
  if (Number.isNaN(Date.parse(config.start_time))) {
    const hint = "Write it like 2026-01-01T00:00:00Z.";
    throw invalidConfig(context, `start_time ${config.start_time} is no time`, hint);
  }
  if (last !== undefined && last < first) {
    const what = `end_ledger ${last} is below start_ledger ${first}`;
    throw invalidConfig(context, what, "start_ledger is the first ledger of the network.");
  }
  let made: number | undefined;

  async function* read(range: LedgerRange): AsyncGenerator<Batch> {
    const { signal } = context;
    const from = range.from ?? first;
    const to = range.to ?? last ?? Infinity;
    if (from < first) {
      throw new FlowctlError(
        "source/out-of-range",
        `the sandbox has no ledger ${from}: its network begins with ledger ${first}`,
        { hint: "Begin at or after start_ledger; it is where the network begins." },
      );
    }
    const network = sandboxNetwork(networkOptions(config));
    await skip(network, from - first, signal);
    const pace = createPace(config.pace, signal);
    for (let sequence = from; sequence <= to; sequence++) {
      await pace();
      const bytes = network.next().encode();
      made = sequence;
      yield ledgerBatch({ source: context.spec.id, network: config.network_passphrase, bytes });
    }
  }

  return {
    read,
    bounds: async () => ({ from: first, to: last }),
    head: () => made,
    close: async () => {},
  };
}

async function skip(network: SandboxNetwork, count: number, signal: AbortSignal): Promise<void> {
  let turn = performance.now();
  for (let i = 0; i < count; i++) {
    network.next();
    if (performance.now() - turn < TURN_MS) continue;
    await sleep(0, undefined, { signal });
    turn = performance.now();
  }
}

/** Waits until the next ledger is due. Ledgers that nobody took in time are not made up for. */
function createPace(ledgersPerSecond: number, signal: AbortSignal): () => Promise<void> {
  if (ledgersPerSecond === 0) return async () => signal.throwIfAborted();
  let due = performance.now();
  return async () => {
    const wait_ms = due - performance.now();
    if (wait_ms > 0) await sleep(wait_ms, undefined, { signal });
    due = Math.max(due, performance.now() - 1000) + 1000 / ledgersPerSecond;
  };
}
