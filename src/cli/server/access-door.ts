/**
 * Tokens and the audit log, at a server or in its store. The store is how the first token comes to
 * be: whoever may write the server's files may let somebody in.
 */

import { userInfo } from "node:os";
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import type { Client, Transport } from "@connectrpc/connect";
import type { Command } from "commander";
import { createAccess } from "../../control/auth/access.ts";
import type { Access } from "../../control/auth/access.ts";
import { auditCalls } from "../../control/auth/interceptor.ts";
import { principalKey } from "../../control/auth/principal.ts";
import { accessService } from "../../control/rpc/access-service.ts";
import { openStore } from "../../control/store/open-store.ts";
import type { ControlStore } from "../../control/store/store.ts";
import { AccessService } from "../../gen/proto/flowctl/control/v1/access_pb.js";
import { systemClock } from "../../runtime/clock.ts";
import { FlowctlError, messageOf } from "../../spec/errors.ts";
import { serverClient } from "../client/server-client.ts";
import { namesServer, withServerOptions } from "../client/server-options.ts";
import type { ServerOptions } from "../client/server-options.ts";

const DEFAULT_DATA_DIR = ".flowctl/server";

export interface DoorOptions extends ServerOptions {
  readonly dataDir?: string;
  readonly store?: string;
}

export function withDoorOptions(command: Command): Command {
  return withServerOptions(command)
    .option(
      "--data-dir <folder>",
      `the server's data folder on this machine, instead of a server (${DEFAULT_DATA_DIR}, ` +
        "where no server is named)",
    )
    .option("--store <store>", "likewise the server's store, sqlite:PATH or postgres://…");
}

/** Calls `use` with the server's access service, or with the same over the store's own files. */
export async function throughDoor<T>(
  options: DoorOptions,
  use: (access: Client<typeof AccessService>) => Promise<T>,
): Promise<T> {
  if (atServer(options)) {
    const server = serverClient(options);
    return await server.answer(use(server.of(AccessService)));
  }
  const store = await openedStore(options);
  const access = createAccess({ store, clock: systemClock, log: silent, required: false });
  try {
    return await use(createClient(AccessService, local(access, store)));
  } catch (error) {
    throw failureOf(error);
  } finally {
    await access.close();
    await store.close();
  }
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** A store that is named wins over servers of the environment and of contexts. */
function atServer(options: DoorOptions): boolean {
  const byStore = options.dataDir ?? options.store;
  if (byStore === undefined) return namesServer(options);
  if (options.server === undefined && options.context === undefined) return false;
  throw new FlowctlError(
    "cli/usage",
    "a server and a store were named, and only one can be asked",
    {
      hint: "leave out --server and --context, or --data-dir and --store",
    },
  );
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

async function openedStore(
  { store, dataDir = DEFAULT_DATA_DIR }: DoorOptions,
): Promise<ControlStore> {
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

function failureOf(error: unknown): FlowctlError {
  if (error instanceof FlowctlError) return error;
  const { code, rawMessage } = ConnectError.from(error);
  if (code === Code.NotFound) {
    return new FlowctlError("control/not-found", rawMessage, { cause: error });
  }
  if (code === Code.InvalidArgument) {
    return new FlowctlError("cli/usage", rawMessage, { cause: error });
  }
  return new FlowctlError("control/store-unreachable", `the store does not answer: ${rawMessage}`, {
    retryable: true,
    cause: error,
  });
}
