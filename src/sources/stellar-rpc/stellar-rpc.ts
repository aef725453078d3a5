/** The source that reads from Stellar RPC servers. */

import { ledgerEvent } from "../../events/ledger.ts";
import type { CheckResult, ComponentContext, SourceDefinition } from "../../flow/component.ts";
import {
  type Config,
  configJsonSchema,
  configSchema,
  secretKeys,
} from "../../gen/config/stellar-rpc.ts";
import { FlowctlError, messageOf } from "../../spec/errors.ts";
import { configOf } from "../../flow/component-config.ts";
import { Health, Network } from "./answers.ts";
import type { Endpoint } from "./endpoint.ts";
import { createRpcSource, endpointsOf, passphraseIn } from "./source.ts";

/** In older files a bare number is a number of seconds. */
function inSeconds(value: unknown): unknown {
  return /^\d+$/.test(String(value)) ? `${value}s` : value;
}

/** Keys of older files. It leaves what it does not know in place. */
function rewriteConfig(given: Record<string, unknown>): Record<string, unknown> {
  const raw = { ...given };
  for (const old of URL_KEYS) {
    if (raw[old] === undefined || raw["url"] !== undefined) continue;
    raw["url"] = raw[old];
    delete raw[old];
  }
  if (raw["poll_interval"] !== undefined) raw["poll_interval"] = inSeconds(raw["poll_interval"]);
  if (String(raw["end_ledger"] ?? "") === "0") delete raw["end_ledger"];
  return raw;
}

const URL_KEYS = ["urls", "rpc_url", "rpc_urls", "rpc_endpoint", "endpoint", "endpoints"] as const;

async function checkServer(
  endpoint: Endpoint,
  passphrase: string | undefined,
  signal: AbortSignal,
): Promise<CheckResult> {
  const target = endpoint.name;
  const start = performance.now();
  try {
    const network = await endpoint.call("getNetwork", undefined, Network, signal);
    const health = await endpoint.call("getHealth", undefined, Health, signal);
    const { oldestLedger, latestLedger } = health;
    const took_ms = Math.round((performance.now() - start) / 2);
    const detail = `ledgers ${oldestLedger} to ${latestLedger} of "${network.passphrase}", ` +
      `${took_ms} ms a call`;
    if (passphrase === undefined || passphrase === network.passphrase) {
      return { target, status: "ok", detail };
    }
    const hint = `The config asks for "${passphrase}".`;
    return { target, status: "failed", detail: `another network: ${detail}`, hint };
  } catch (error) {
    const hint = error instanceof FlowctlError ? error.hint : undefined;
    const detail = messageOf(error);
    return { target, status: "failed", detail, ...(hint === undefined ? {} : { hint }) };
  }
}

async function check(context: ComponentContext): Promise<readonly CheckResult[]> {
  const config = configOf<Config>(context);
  const urls = config.url ?? [];
  if (urls.length === 0) {
    return [{ target: "url", status: "failed", detail: "not set", hint: "Set config.url." }];
  }
  const passphrase = passphraseIn(config);
  return await Promise.all(
    endpointsOf(config, urls).map((endpoint) => checkServer(endpoint, passphrase, context.signal)),
  );
}

export const stellarRpc: SourceDefinition = {
  name: "stellar-rpc",
  role: "source",
  aliases: [
    "RPC",
    "RPCSource",
    "RPCSourceAdapter",
    "SorobanRPC",
    "SorobanSourceAdapter",
    "soroban-rpc",
    "rpc-source",
    "stellar-rpc-source",
    "stellar-live-source",
  ],
  summary: "Reads ledgers from Stellar RPC servers (getLedgers) and follows their head.",
  configSchema,
  configJsonSchema,
  rewriteConfig,
  neededToRun: ["url"],
  secretKeys,
  accepts: [],
  emits: [ledgerEvent.name],
  example: `id: rpc
type: stellar-rpc
config:
  url: https://soroban-testnet.stellar.org
  network: testnet
  start_ledger: latest
`,
  create: (context) => createRpcSource(context),
  check,
};
