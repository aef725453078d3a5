/** Looks at a NATS server before edges are entrusted to it. It changes nothing there. */

import type { NatsConnection } from "@nats-io/transport-node";
import type { CheckResult } from "../flow/component.ts";
import { messageOf } from "../spec/errors.ts";
import type { Nats } from "./connection.ts";
import { withoutSecrets } from "./servers.ts";
import { MAX_PLAIN_PAYLOAD_bytes, serverSync } from "./server-sync.ts";

export interface ServerNeeds {
  /** Edges that this pipeline or agent keeps there, and how large each may grow. */
  readonly edges: number;
  readonly max_bytes: number;
  readonly storage: "file" | "memory";
  readonly monitor_url?: string | undefined;
  /** A connection of the system account, which cannot itself use JetStream. */
  readonly system?: NatsConnection | undefined;
}

export async function checkServer(nats: Nats, needs: ServerNeeds): Promise<CheckResult[]> {
  const target = `NATS ${withoutSecrets(nats.connection.getServer())}`;
  const account = await accountOf(nats);
  if (typeof account === "string") {
    return [{
      target,
      status: "failed",
      detail: `JetStream cannot be used: ${account}`,
      hint: "Start nats-server with JetStream (configs/nats has examples), and enable it for the " +
        "account.",
    }];
  }
  const version = nats.connection.info?.version ?? "unknown";
  return [
    { target, status: "ok", detail: `nats-server ${version} with JetStream` },
    payloadResult(target, nats.connection.info?.max_payload ?? 0),
    storageResult(target, account, needs),
    await syncResult(target, nats, needs),
  ];
}

type Account = Awaited<ReturnType<Nats["jsm"]["getAccountInfo"]>>;

async function accountOf(nats: Nats): Promise<Account | string> {
  try {
    return await nats.jsm.getAccountInfo();
  } catch (error) {
    return messageOf(error);
  }
}

function payloadResult(target: string, max_payload: number): CheckResult {
  if (max_payload >= MAX_PLAIN_PAYLOAD_bytes) {
    return { target, status: "ok", detail: `messages of up to ${max_payload} bytes` };
  }
  return {
    target,
    status: "warning",
    detail: `messages of only ${max_payload} bytes: most ledgers travel in parts`,
    hint: `Set max_payload of the server to at least ${MAX_PLAIN_PAYLOAD_bytes}.`,
  };
}

function storageResult(target: string, account: Account, needs: ServerNeeds): CheckResult {
  const inFiles = needs.storage === "file";
  const limit = inFiles ? account.limits.max_storage : account.limits.max_memory;
  const used = inFiles ? account.storage : account.memory;
  const wanted = needs.edges * needs.max_bytes;
  if (limit < 0) {
    return { target, status: "ok", detail: `${used} bytes stored; the account has no limit` };
  }
  const reserved = inFiles ? account.reserved_storage : account.reserved_memory;
  const free = limit - Math.max(used, reserved ?? 0);
  if (free >= wanted) return { target, status: "ok", detail: `${free} bytes free of ${limit}` };
  return {
    target,
    status: "warning",
    detail: `${free} bytes free of the account's ${limit}; edges may ask for ${wanted}`,
    hint:
      "Raise the account's limit, or lower spec.config.bus.max_bytes. Edges that exist already " +
      "count twice here.",
  };
}

async function syncResult(target: string, nats: Nats, needs: ServerNeeds): Promise<CheckResult> {
  if (needs.storage === "memory") {
    return {
      target,
      status: "warning",
      detail: "edges are kept in memory: a restart of the server loses what is on them",
      hint: "What is lost is read from the source again. Set spec.config.bus.storage to file.",
    };
  }
  const sync = await serverSync(needs.system ?? nats.connection, needs.monitor_url);
  if (sync === "always") return { target, status: "ok", detail: "acknowledges after fsync" };
  if (sync === undefined) {
    return {
      target,
      status: "warning",
      detail: "could not find out whether the server syncs to disk before it acknowledges",
      hint: "Give the monitoring address of the server, or a user of its system account; or see " +
        "that its configuration says jetstream { sync_interval: always }.",
    };
  }
  return {
    target,
    status: "warning",
    detail:
      `acknowledges BEFORE it has synced to disk (every ${sync / 1000} s): when the server's ` +
      "machine fails, acknowledged ledgers are lost and have to be read again",
    hint: "Set jetstream { sync_interval: always } in the server's configuration.",
  };
}
