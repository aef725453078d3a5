import type { SourceDefinition } from "../../flow/component.ts";
import { configJsonSchema, configSchema } from "../../gen/config/sandbox.ts";

/** A synthetic network: real signatures and valid XDR, without a network to reach. */
export const sandbox: SourceDefinition = {
  name: "sandbox",
  role: "source",
  aliases: ["sandbox-source", "synthetic", "mock-source"],
  summary: "Makes ledgers of a synthetic network, reproducible from a seed.",
  configSchema,
  configJsonSchema,
  configAliases: { passphrase: "network_passphrase", transactions: "transactions_per_ledger" },
  runOnlyKeys: ["ledgers", "pace"],
  accepts: [],
  emits: ["stellar.ledger.v1"],
  example: `id: network
type: sandbox
config:
  ledgers: 100
  transactions_per_ledger: 50
  soroban_share: 0.3
  seed: demo
`,
  async create(context) {
    return (await import("./source.ts")).createSandboxSource(context);
  },
  async check(context) {
    const detail = "synthetic: there is nothing to reach";
    return [{ target: context.spec.id, status: "ok", detail }];
  },
};
