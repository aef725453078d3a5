/** The whole control plane of `flowctl server`: store, plane, port. */

import type { Logger } from "../../flow/component.ts";
import { systemClock } from "../../runtime/clock.ts";
import { FlowctlError, messageOf } from "../../spec/errors.ts";
import { startControlPlane } from "../control-plane.ts";
import type { ControlPlane } from "../control-plane.ts";
import { restApp } from "../rest/app.ts";
import { nodeHandler } from "../rest/node-handler.ts";
import { openStore } from "../store/open-store.ts";
import type { ControlStore } from "../store/store.ts";
import type { Listener, TlsFiles } from "./listener.ts";
import { serve } from "./serve.ts";

/** Calls that run when the server stops may end within this. */
const CLOSE_GRACE_MS = 2_000;

export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  /** `memory`, `postgres://…`, `sqlite:PATH`; undefined: SQLite in the data folder. */
  readonly store: string | undefined;
  readonly tls: TlsFiles | undefined;
  readonly history_ms: number;
  readonly log: Logger;
}

export interface Server {
  readonly plane: ControlPlane;
  readonly url: string;
  close(): Promise<void>;
}

export async function startServer(options: ServerOptions): Promise<Server> {
  const { log, host, port, tls } = options;
  const store = await openedStore(options);
  const plane = await startControlPlane({
    store,
    log,
    clock: systemClock,
    history_ms: options.history_ms,
  });
  let listener: Listener;
  try {
    listener = await serve({
      plane,
      host,
      port,
      tls,
      interceptors: [],
      http: nodeHandler((request) => restApp(plane).fetch(request)),
    });
  } catch (cause) {
    await plane.close();
    throw listenError(`${host}:${port}`, cause);
  }
  return {
    plane,
    url: `${tls === undefined ? "http" : "https"}://${host}:${listener.port}`,
    async close() {
      await listener.close(CLOSE_GRACE_MS);
      await plane.close();
    },
  };
}

async function openedStore(options: ServerOptions): Promise<ControlStore> {
  try {
    return await openStore(options.store, options.dataDir);
  } catch (cause) {
    throw new FlowctlError(
      "control/store-unreachable",
      `the control plane's store cannot be opened: ${messageOf(cause)}`,
      { hint: "Check --store and --data-dir, and that this user may write there.", cause },
    );
  }
}

function listenError(address: string, cause: unknown): FlowctlError {
  const code = (cause as { code?: string }).code;
  if (code === "EADDRINUSE") {
    return new FlowctlError("control/address-in-use", `${address} is in use by another program`, {
      hint: "Stop it, or name another address with --listen.",
      cause,
    });
  }
  return new FlowctlError(
    "control/address-in-use",
    `cannot listen on ${address}: ${messageOf(cause)}`,
    { hint: "Name an address of this machine with --listen, such as 127.0.0.1:8080.", cause },
  );
}
