/**
 * Three agents and a nats-server as real processes, killed at random instants, brought back, and
 * the file that the sink leaves compared with that of a run on one machine.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { components as catalogue } from "../../src/catalogue.ts";
import { startRun } from "../../src/flow/run.ts";
import { loadText } from "../../src/load-text.ts";
import { silent } from "../support/flow.ts";
import { startNats } from "../support/nats.ts";
import { outputOf, pipelineText } from "./bus-pipeline.ts";

const PART = fileURLToPath(new URL("./bus-part.ts", import.meta.url));
const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));
const PARTS = ["ledgers", "transfers", "out"] as const;
/** An undisturbed run takes about this long. */
const SPAN_ms = 3_000;
const LIMIT_ms = 60_000;

export type BusVictim = typeof PARTS[number] | "nats-server";
export const BUS_VICTIMS: readonly BusVictim[] = [...PARTS, "nats-server"];

export interface BusChaosResult {
  readonly kills: readonly string[];
  readonly same: boolean;
  /** What differs, or what did not end; empty when all is well. */
  readonly detail: string;
}

/** What the undisturbed run leaves. */
export async function undisturbed(folder: string): Promise<string> {
  const { pipeline } = loadText({
    text: pipelineText(folder),
    name: "chaos",
    env: process.env,
    mode: "run",
  });
  if (pipeline === undefined) throw new Error("the pipeline is invalid");
  const run = startRun({
    pipeline,
    catalogue,
    stateDir: join(folder, "state"),
    persistent: true,
    log: silent,
    env: {},
  });
  const { outcome, error } = await run.done;
  if (outcome !== "completed") throw error ?? new Error(outcome);
  return readFileSync(outputOf(folder), "utf8");
}

/** One round: so many kills of these victims, at instants that `random` decides. */
export async function disturbBus(
  folder: string,
  expected: string,
  random: () => number,
  options: { readonly victims?: readonly BusVictim[]; readonly kills?: number } = {},
): Promise<BusChaosResult> {
  const { victims = BUS_VICTIMS, kills = 1 + Math.floor(random() * 3) } = options;
  mkdirSync(folder, { recursive: true });
  await using server = await startNats({ folder });
  const agents = new Map<string, Agent>();
  for (const part of PARTS) agents.set(part, keepRunning(server.url, folder, part));
  const killed: string[] = [];
  try {
    for (let kill = 0; kill < kills; kill += 1) {
      const wait_ms = random() * SPAN_ms / kills;
      await sleep(wait_ms);
      const victim = victims[Math.floor(random() * victims.length)] ?? "nats-server";
      killed.push(`${victim} after ${Math.round(wait_ms)} ms`);
      if (victim === "nats-server") {
        await server.kill();
        await sleep(random() * 3_000);
        await server.start();
      } else await agents.get(victim)?.kill();
    }
    const ended = Promise.all([...agents.values()].map(({ completed }) => completed));
    const inTime = await Promise.race([
      ended.then(() => true),
      sleep(LIMIT_ms, false, { ref: false }),
    ]);
    if (!inTime) {
      const said = [...agents].map(([part, agent]) => `${part}: ${agent.said()}`).join("\n");
      return { kills: killed, same: false, detail: `it did not end\n${said}` };
    }
    const found = readFileSync(outputOf(folder), "utf8");
    const detail = found === expected ? "" : `${found.length} bytes instead of ${expected.length}`;
    return { kills: killed, same: detail === "", detail };
  } finally {
    for (const agent of agents.values()) await agent.end();
  }
}

interface Agent {
  readonly completed: Promise<void>;
  /** SIGKILL; it is started again. */
  kill(): Promise<void>;
  end(): Promise<void>;
  said(): string;
}

/** Starts the process again, under a new epoch, until it has completed. */
function keepRunning(url: string, folder: string, part: string): Agent {
  let epoch = 0;
  let child: ChildProcess | undefined;
  let over = false;
  let said = "";
  const runtime = process.versions["deno"] === undefined ? [] : ["run", "-A", "--config", CONFIG];
  const completed = (async () => {
    while (!over) {
      epoch += 1;
      const started = spawn(
        process.execPath,
        [...runtime, PART, url, folder, String(epoch), part],
        { stdio: ["ignore", "ignore", "pipe"] },
      );
      child = started;
      started.stderr?.on("data", (chunk) => said = (said + chunk).slice(-3_000));
      const status = await new Promise((resolve) => started.once("exit", resolve));
      if (status === 0) return;
      await sleep(100);
    }
  })();
  async function kill(): Promise<void> {
    const victim = child;
    if (victim === undefined || victim.exitCode !== null || victim.signalCode !== null) return;
    const gone = new Promise((resolve) => victim.once("exit", resolve));
    victim.kill("SIGKILL");
    await gone;
  }
  return {
    completed,
    kill,
    async end() {
      over = true;
      await kill();
    },
    said: () => said,
  };
}
