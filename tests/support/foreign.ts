/** Components in Go and Python as processes, with ledgers to feed them and a sink that remembers. */

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { ledgerEvent } from "../../src/events/ledger.ts";
import type { Batch } from "../../src/flow/batch.ts";
import type { Run } from "../../src/flow/run.ts";
import type { SinkDefinition, SourceDefinition } from "../../src/flow/component.ts";
import { defineSink, defineSource } from "../../src/flow/define.ts";
import { externalProcessor, externalSink, externalSource } from "../../src/foreign/definitions.ts";
import type { ComponentSpec, ExternalComponent, Role } from "../../src/spec/pipeline.ts";
import { component } from "./flow.ts";
import { randomNumbers } from "./random.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CACHE = process.env["FLOWCTL_PEERS"] ?? join(homedir(), ".cache", "flowctl", "peers");
const FOLDER = join(CACHE, "foreign");

export const goProgram = join(FOLDER, "bin", "go-component");
const descriptors = join(FOLDER, "descriptors.binpb");
const pythonProgram = process.env["FLOWCTL_PYTHON_GRPC"] ?? join(FOLDER, "python", "bin", "python");

/** False, or why tests with the Go component are skipped. */
export const goMissing: string | false = existsSync(goProgram)
  ? false
  : "the Go component is not built: scripts/peers go-component";

/** False, or why tests with Python components are skipped. */
export const pythonMissing: string | false = !existsSync(descriptors)
  ? "there is no descriptor set: scripts/peers go-component"
  : spawnSync(pythonProgram, ["-c", "import grpc, google.protobuf"]).status === 0
  ? false
  : "there is no Python with grpcio: scripts/peers python-grpc, or name one in FLOWCTL_PYTHON_GRPC";

export const external = { components: [externalSource, externalProcessor, externalSink] };

type Env = Readonly<Record<string, string>>;

interface More extends Partial<Omit<ComponentSpec, "external">> {
  readonly external?: Partial<ExternalComponent>;
}

/** A component that runs as a process; restarts come at once, so that tests are quick. */
export function processOf(
  role: Role,
  id: string,
  command: readonly string[],
  inputs: readonly string[],
  env: Env,
  { external: settings, ...more }: More = {},
): ComponentSpec {
  return component(role, id, inputs, {
    type: "external",
    env,
    external: {
      command,
      endpoint: undefined,
      port_format: "colon",
      health_check: undefined,
      health_port: undefined,
      restart_policy: {
        policy: "on-failure",
        max_restarts: 10,
        delay_ms: 5,
        unhealthy_after_ms: 60_000,
      },
      ...settings,
    },
    ...more,
  });
}

export function goProcess(
  mode: "source" | "processor" | "consumer",
  inputs: readonly string[],
  env: Env = {},
  more: More = {},
): ComponentSpec {
  const role = mode === "consumer" ? "sink" : mode;
  return processOf(role, `go-${mode}`, [goProgram], inputs, { MODE: mode, ...env }, more);
}

export function pythonProcess(
  role: Role,
  inputs: readonly string[],
  env: Env = {},
  more: More = {},
): ComponentSpec {
  const file = { source: "source.py", processor: "processor.py", sink: "consumer.py" }[role];
  const command = [pythonProgram, join(ROOT, "tests/peers/python", file)];
  const all = { FLOWCTL_DESCRIPTORS: descriptors, PYTHONDONTWRITEBYTECODE: "1", ...env };
  return processOf(role, `python-${role}`, command, inputs, all, more);
}

/** Raw ledgers `from` to `to`, of some bytes each. */
export function ledgers(
  from: number,
  to: number,
  bytes: (sequence: number) => number = () => 100,
): SourceDefinition {
  return defineSource({
    name: "lake",
    create: (_config, { spec }) => ({
      bounds: () => Promise.resolve({ from, to }),
      async *read(range) {
        for (let at = range.from ?? from; at <= (range.to ?? to); at += 1) {
          await sleep(0);
          yield ledgerOf(spec.id, at, bytes(at));
        }
      },
      close: () => Promise.resolve(),
    }),
  });
}

function ledgerOf(source: string, sequence: number, bytes: number): Batch {
  const network = "test network";
  const closedAt = new Date(1_700_000_000_000 + sequence * 5_000);
  const row = {
    event_id: `test-${sequence}`,
    sequence: BigInt(sequence),
    ledger_close_meta_xdr: new Uint8Array(bytes).fill(sequence % 256),
    network,
    closed_at: closedAt,
  };
  const groups = [{ type: ledgerEvent, rows: [row] }];
  return { source, sequence, network, closedAt, groups, bytes };
}

export interface Memory {
  readonly batches: Batch[];
}

/** Remembers every batch, in the order in which they came. */
export function remembering(memory: Memory): SinkDefinition {
  return defineSink({
    name: "memory",
    create: () => {
      const positions = new Map<string, number>();
      return {
        open: () => Promise.resolve(new Map()),
        write(batch) {
          memory.batches.push(batch);
          positions.set(batch.source, batch.sequence);
        },
        commit: () => Promise.resolve(new Map(positions)),
        close: () => Promise.resolve(),
      };
    },
  });
}

/** Per ledger: its sequence and the ids of its events. */
export function idsOf(memory: Memory): string[] {
  return memory.batches.map(({ sequence, groups }) => {
    const ids = groups.flatMap(({ type, rows }) => rows.map((row) => String(row[type.id])));
    return `${sequence}: ${ids.join(" ")}`;
  });
}

/** What a consumer of the tests wrote, line by line: ledger and event id. */
export function linesOf(path: string): string[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8").split("\n").filter((line) => line !== "");
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(statusOf(pid));
  } catch {
    return false;
  }
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return "";
  }
}

/** The pid that a component wrote at its start; undefined before that. */
export function pidIn(path: string): number | undefined {
  const pid = existsSync(path) ? Number(readFileSync(path, "utf8")) : 0;
  return pid > 0 ? pid : undefined;
}

/**
 * Kills the component at random instants, at most once for each step that `progress` makes (a
 * ledger is given up when a component ends five times while it has it), until the run is over.
 * Resolves to how often.
 */
export async function killAtRandom(
  run: Run,
  pidFile: string,
  seed: number,
  progress: () => number,
  most = 8,
): Promise<number> {
  const random = randomNumbers(seed);
  let over = false;
  run.done.then(() => over = true);
  let killed = { pid: 0, progress: -1 };
  for (let kills = 0;;) {
    await sleep(20 + random() * 200);
    if (over || kills >= most) return kills;
    const pid = pidIn(pidFile);
    if (pid === undefined || pid === killed.pid || progress() === killed.progress) continue;
    process.kill(pid, "SIGKILL");
    killed = { pid, progress: progress() };
    kills += 1;
  }
}
