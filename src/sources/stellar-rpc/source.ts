/** Reads ledgers from RPC servers, checks each, emits it as a batch. */

import type { Batch } from "../../flow/batch.ts";
import { skipsUnknown } from "../../flow/on-unknown.ts";
import type { ComponentContext, LedgerRange, Source } from "../../flow/component.ts";
import type { Config } from "../../gen/config/stellar-rpc.ts";
import { FlowctlError, messageOf } from "../../spec/errors.ts";
import { readLedgerHeader } from "../../stellar/ledger-header.ts";
import { passphraseOf } from "../../stellar/networks.ts";
import { configOf, needed } from "../../flow/component-config.ts";
import { ledgerGate } from "../ledger-gate.ts";
import type { RpcLedger } from "./answers.ts";
import { createEndpoint, type Endpoint } from "./endpoint.ts";
import { ledgerPages, readAhead } from "./ledger-pages.ts";
import { createServers } from "./servers.ts";

export function endpointsOf(config: Config, urls: readonly string[]): Endpoint[] {
  const headers = {
    ...config.headers,
    ...(config.auth_header === undefined ? {} : { authorization: config.auth_header }),
  };
  const limits = { timeout_ms: config.timeout, max_response_bytes: config.max_response };
  return urls.map((url) => createEndpoint({ url, headers, ...limits }));
}

/** The passphrase that the config asks for; undefined: any. */
export function passphraseIn(
  config: Pick<Config, "network" | "network_passphrase">,
): string | undefined {
  const { network, network_passphrase } = config;
  return network_passphrase ?? (network === undefined ? undefined : passphraseOf(network));
}

export function createRpcSource(context: ComponentContext): Source {
  const config = configOf<Config>(context);
  const { spec, log, meter } = context;
  const urls = needed(context, "url", config.url?.length === 0 ? undefined : config.url);
  const closing = new AbortController();
  const signal = AbortSignal.any([context.signal, closing.signal]);
  let head: number | undefined;
  const onHead = (latest: number) => head = Math.max(head ?? 0, latest);
  const servers = createServers({
    endpoints: endpointsOf(config, urls),
    passphrase: passphraseIn(config),
    policy: spec.retry_policy,
    signal,
    onRetry(error, delay_ms) {
      meter.add("retries", 1);
      const fields = { error: messageOf(error), delay_ms: Math.round(delay_ms) };
      log.warn("an RPC server failed, trying again", fields);
    },
  });

  async function startLedger(): Promise<number> {
    if (typeof config.start_ledger === "number") return config.start_ledger;
    const { latestLedger, oldestLedger } = await servers.health();
    onHead(latestLedger);
    return config.start_ledger === "latest" ? latestLedger : oldestLedger;
  }

  async function* read(range: LedgerRange): AsyncGenerator<Batch> {
    const from = range.from ?? await startLedger();
    const to = range.to ?? config.end_ledger ?? Infinity;
    const network = await servers.network();
    const gate = ledgerGate({
      source: spec.id,
      network,
      verify: config.verify,
      skipsUnknown: skipsUnknown(context.pipeline, spec.id),
    });
    const { batch_size, poll_interval: poll_interval_ms } = config;
    const { wait } = range;
    const stop = new AbortController();
    const pages = ledgerPages({
      ...{ servers, from, to, wait, batch_size, poll_interval_ms, onHead },
      signal: AbortSignal.any([signal, stop.signal]),
    });
    let next = from;
    try {
      for await (const { server, ledgers } of readAhead(pages, config.prefetch)) {
        for (const ledger of ledgers) {
          if (next > to) return;
          const bytes = bytesOf(ledger, server);
          meter.add("total_bytes", bytes.length);
          const batch = gate.pass(bytes, next, server);
          assertSame(ledger, bytes, server);
          yield batch;
          next++;
        }
      }
    } finally {
      stop.abort();
    }
  }

  return {
    read,
    bounds: async () => ({ from: await startLedger(), to: config.end_ledger }),
    head: () => head,
    close: async () => closing.abort(),
  };
}

function bytesOf({ metadataXdr, sequence }: RpcLedger, server: string): Uint8Array {
  const bytes = Buffer.from(metadataXdr, "base64");
  // Buffer skips what is no base64.
  if (bytes.length === Math.floor(metadataXdr.replace(/=+$/, "").length * 3 / 4)) return bytes;
  throw new FlowctlError(
    "xdr/malformed",
    `${server}: metadataXdr of ledger ${sequence} is not base64`,
    { hint: "The server answers with damaged data; use another one." },
  );
}

/** What the answer says of the ledger beside its bytes must be true of the bytes. */
function assertSame({ hash, headerXdr, sequence }: RpcLedger, bytes: Uint8Array, server: string) {
  const header = readLedgerHeader(bytes);
  const entry = bytes.subarray(header.start - HASH_BYTES, header.end + EXTENSION_BYTES);
  const sameEntry = headerXdr === undefined ||
    Buffer.from(headerXdr, "base64").equals(entry);
  if (header.sequence === sequence && header.hash === hash.toLowerCase() && sameEntry) return;
  throw new FlowctlError(
    "ledger/hash-mismatch",
    `${server}: what it says of ledger ${sequence} (${hash}) is not true of the ledger that it ` +
      `gives, ${header.sequence} (${header.hash})`,
    { hint: "The server answers with mixed-up data; use another one." },
  );
}

const HASH_BYTES = 32;
/** The void extension that ends a LedgerHeaderHistoryEntry. */
const EXTENSION_BYTES = 4;
