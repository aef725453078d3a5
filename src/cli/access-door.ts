/**
 * Tokens and the audit log, at a server or in its store. The store is how the first token comes to
 * be: whoever may write the server's files may let somebody in.
 */

import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import process from "node:process";
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import type { Client, Transport } from "@connectrpc/connect";
import type { Command } from "commander";
import { createAccess } from "../control/auth/access.ts";
import type { Access } from "../control/auth/access.ts";
import { auditCalls } from "../control/auth/interceptor.ts";
import { principalKey } from "../control/auth/principal.ts";
import { baseUrlOf, transportTo } from "../control/client/endpoint.ts";
import { accessService } from "../control/rpc/access-service.ts";
import { openStore } from "../control/store/open-store.ts";
import type { ControlStore } from "../control/store/store.ts";
import { AccessService } from "../gen/proto/flowctl/control/v1/access_pb.js";
import { systemClock } from "../runtime/clock.ts";
import { FlowctlError, messageOf } from "../spec/errors.ts";

export interface DoorOptions {
  readonly server?: string;
  readonly token?: string;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly dataDir: string;
  readonly store?: string;
}

export function withDoorOptions(command: Command): Command {
  return command
    .option("--server <address>", "a control plane, by an admin's token (or FLOWCTL_SERVER)")
    .option("--token <token>", "the admin's token (or FLOWCTL_TOKEN)")
    .option("--tls-ca <file>", "authority of the server's certificate, PEM")
    .option("--tls-cert <file>", "own certificate for mutual TLS, PEM")
    .option("--tls-key <file>", "its private key, PEM")
    .option("--data-dir <folder>", "without --server: the server's data folder", ".flowctl/server")
    .option("--store <store>", "without --server: the server's store, sqlite:PATH or postgres://…");
}

/** Calls `use` with the server's access service, or with the same over the store's own files. */
export async function throughDoor<T>(
  options: DoorOptions,
  use: (access: Client<typeof AccessService>) => Promise<T>,
): Promise<T> {
  const server = options.server ?? nonEmpty(process.env["FLOWCTL_SERVER"]);
  if (server !== undefined) {
    try {
      return await use(createClient(AccessService, remote(server, options)));
    } catch (error) {
      throw failureOf(error, server);
    }
  }
  const store = await openedStore(options);
  const access = createAccess({ store, clock: systemClock, log: silent, required: false });
  try {
    return await use(createClient(AccessService, local(access, store)));
  } catch (error) {
    throw failureOf(error, "the store");
  } finally {
    await access.close();
    await store.close();
  }
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };

function remote(server: string, options: DoorOptions): Transport {
  const read = (file: string | undefined) => file === undefined ? undefined : textOf(file);
  return transportTo({
    endpoint: server,
    token: options.token ?? nonEmpty(process.env["FLOWCTL_TOKEN"]),
    tls: { ca: read(options.tlsCa), cert: read(options.tlsCert), key: read(options.tlsKey) },
  });
}

function local(access: Access, store: ControlStore): Transport {
  const actor = `${userName()} at the store`;
  return createRouterTransport(
    (router) => router.service(AccessService, accessService(access, store)),
    {
      router: {
        interceptors: [
          (next) => (request) => {
            request.contextValues.set(principalKey, { actor, role: "admin", via: "open" });
            return next(request);
          },
          auditCalls(access.audit, systemClock),
        ],
      },
    },
  );
}

/** Where no name is to be had, as in a container, the number. */
function userName(): string {
  const { username, uid } = userInfo();
  return username === "" || username === "unknown" ? `user ${uid}` : username;
}

async function openedStore({ store, dataDir }: DoorOptions): Promise<ControlStore> {
  if (store === "memory") {
    throw new FlowctlError("cli/usage", "a store in memory is only its server's", {
      hint: "name the server with --server",
    });
  }
  try {
    return await openStore(store, dataDir);
  } catch (cause) {
    throw new FlowctlError(
      "control/store-unreachable",
      `the control plane's store cannot be opened: ${messageOf(cause)}`,
      { hint: "check --store and --data-dir, or name the server with --server", cause },
    );
  }
}

const CODES = new Map<Code, ConstructorParameters<typeof FlowctlError>[0]>([
  [Code.NotFound, "control/not-found"],
  [Code.InvalidArgument, "cli/usage"],
  [Code.Unauthenticated, "control/refused"],
  [Code.PermissionDenied, "control/refused"],
]);

function failureOf(error: unknown, where: string): FlowctlError {
  if (error instanceof FlowctlError) return error;
  const { code, rawMessage } = ConnectError.from(error);
  const known = CODES.get(code);
  if (known !== undefined) {
    const refused = known === "control/refused";
    return new FlowctlError(known, rawMessage, {
      ...(refused ? { hint: "give an admin's token with --token or FLOWCTL_TOKEN" } : {}),
      cause: error,
    });
  }
  const address = where === "the store" ? where : baseUrlOf(where);
  return new FlowctlError("control/unreachable", `${address} does not answer: ${rawMessage}`, {
    retryable: true,
    cause: error,
  });
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new FlowctlError("cli/usage", `${file} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}
