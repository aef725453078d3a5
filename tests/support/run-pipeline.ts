/** A small pipeline for `flowctl run`, and the server that it reports to. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startFlowctl } from "./flowctl.ts";
import type { Started } from "./flowctl.ts";

const LIMIT_MS = 30_000;

/** Writes the file and resolves to its path. The network makes five transfers a ledger. */
export function writePipeline(
  folder: string,
  source: Readonly<Record<string, unknown>>,
  name: string = "p",
): string {
  const file = join(folder, `${name}.yaml`);
  const spec = {
    sources: [{
      id: "network",
      type: "sandbox",
      config: { transactions_per_ledger: 5, ...source },
    }],
    processors: [{ id: "transfers", type: "token-transfer", inputs: ["network"] }],
    sinks: [{
      id: "rows",
      type: "jsonl",
      inputs: ["transfers"],
      config: { path: name === "p" ? "rows.jsonl" : `${name}.jsonl` },
    }],
  };
  writeFileSync(
    file,
    JSON.stringify({ apiVersion: "flowctl/v1", kind: "Pipeline", metadata: { name }, spec }),
  );
  return file;
}

export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  while (!await condition()) {
    assert.ok(performance.now() < deadline, `not within ${LIMIT_MS} ms: ${what}`);
    await sleep(50);
  }
}

export interface StartedServer extends AsyncDisposable {
  kill(): Promise<void>;
}

/** `flowctl server` on that port, its store in `server` of the folder; resolves when it listens. */
export async function startServerIn(
  folder: string,
  port: number,
  args: readonly string[] = [],
): Promise<StartedServer> {
  const started = startFlowctl(
    ["server", "--listen", `127.0.0.1:${port}`, "--data-dir", "server", ...args],
    { cwd: folder },
  );
  const kill = async () => {
    started.child.kill("SIGKILL");
    await started.finished;
  };
  try {
    await until("the server listens", () => accepts(port));
  } catch (error) {
    await kill();
    throw error;
  }
  return { kill, [Symbol.asyncDispose]: kill };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

/** Asks a process to end as Ctrl-C does. */
export async function interrupted({ child, finished }: Started) {
  child.kill("SIGINT");
  return await finished;
}
