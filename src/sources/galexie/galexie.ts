/** The source that reads ledger lakes. */

import {
  type Config,
  configJsonSchema,
  configSchema,
  secretKeys,
} from "../../gen/config/galexie.ts";
import { ledgerEvent } from "../../events/ledger.ts";
import type { CheckResult, ComponentContext, SourceDefinition } from "../../flow/component.ts";
import { checkStore } from "../../objects/check-store.ts";
import { galexieSource } from "./galexie-source.ts";
import { MANIFEST_KEY } from "./lake-manifest.ts";
import { unpack } from "./packed-ledgers.ts";
import { rewriteConfig } from "./rewrite-config.ts";
import { storeOptions } from "./store-options.ts";

/** Valid by the time that a component is made: the plan has parsed it with `configSchema`. */
function configOf(context: ComponentContext): Config {
  return context.spec.config as unknown as Config;
}

async function check(context: ComponentContext): Promise<readonly CheckResult[]> {
  const config = configOf(context);
  if (config.url === undefined) {
    return [{ target: "url", status: "failed", detail: "not set", hint: "Set config.url." }];
  }
  const { ok, target, detail, hint } = await checkStore(config.url, {
    ...storeOptions(config, context.env),
    signal: context.signal,
    probeKey: MANIFEST_KEY,
  });
  const status = ok ? "ok" : "failed";
  return [{ target, status, detail, ...(hint === undefined ? {} : { hint }) }];
}

export const galexie: SourceDefinition = {
  name: "galexie",
  role: "source",
  aliases: [
    "BufferedStorageSource",
    "BufferedStorageSourceAdapter",
    "buffered-storage-source",
    "S3BufferedStorageSourceAdapter",
    "GCSBufferedStorageSourceAdapter",
    "FSBufferedStorageSourceAdapter",
    "stellar-live-source-datalake",
    "stellar-source",
    "stellar-transactions",
    "stellar-dex-source",
    "stellar-bridge-contracts",
    "stellar-arrow-source",
  ],
  summary: "Reads ledgers from a SEP-54 lake in a folder, on a web server, or in a bucket.",
  configSchema,
  configJsonSchema,
  rewriteConfig,
  neededToRun: ["url"],
  secretKeys,
  accepts: [],
  emits: [ledgerEvent.name],
  example: `id: lake
type: galexie
config:
  url: s3://aws-public-blockchain/v1.1/stellar/ledgers/pubnet
  region: us-east-2
  anonymous: true
  start_ledger: 63092982
  end_ledger: 63092991
`,
  create: (context) => galexieSource(configOf(context), context),
  unpack,
  check,
};
