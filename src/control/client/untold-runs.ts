/**
 * Runs whose end no control plane knows yet, one file each in the state folder: written when a run
 * begins, removed when its end was told. What a process could not tell, or did not live to tell, the
 * next one tells.
 */

import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fromJson, toJson } from "@bufbuild/protobuf";
import type { JsonValue } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import type { Logger } from "../../flow/component.ts";
import { RunsService } from "../../gen/proto/flowctl/control/v1/runs_pb.js";
import { PipelineRunSchema, RunStatus } from "../../gen/proto/flowctl/control_plane_pb.js";
import type { PipelineRun } from "../../gen/proto/flowctl/control_plane_pb.js";
import { messageOf } from "../../spec/errors.ts";
import { baseUrlOf } from "./endpoint.ts";
import type { Link } from "./link.ts";

/** Runs that are kept; beyond it the oldest are forgotten. */
export const MAX_UNTOLD_RUNS = 100;
const FOLDER = "untold";

/** What becomes of one run. Neither throws: a full disk is a warning, not the run's end. */
export interface RunKeeper {
  /** As it stands; again when it ends. */
  keep(run: PipelineRun): void;
  /** Its end was told. */
  told(runId: string): void;
}

export interface UntoldRunsOptions {
  /** The state folder. */
  readonly stateDir: string;
  readonly link: Link;
  readonly log: Logger;
}

export interface UntoldRuns extends RunKeeper {
  /** Once somebody answers, tells what earlier processes left for it. */
  tellEarlier(): Promise<number>;
}

interface Left {
  /** Whom to tell. */
  readonly server: string;
  readonly host: string;
  readonly pid: number;
  readonly run: PipelineRun;
}

export function openUntoldRuns({ stateDir, link, log }: UntoldRunsOptions): UntoldRuns {
  const folder = join(stateDir, FOLDER);
  const server = baseUrlOf(link.endpoint);
  const client = createClient(RunsService, link.transport);
  const own = new Set<string>();
  const fileOf = (runId: string) => join(folder, `${encodeURIComponent(runId).slice(0, 200)}.json`);
  const calmly = (what: string, work: () => void) => {
    try {
      work();
    } catch (error) {
      log.warn(`what flowctl is to be told later could not be ${what}`, {
        folder,
        error: messageOf(error),
      });
    }
  };

  return {
    keep(run) {
      calmly("kept", () => {
        mkdirSync(folder, { recursive: true });
        if (!own.has(run.runId)) makeRoom(folder);
        own.add(run.runId);
        const left = { server, host: hostname(), pid: process.pid };
        const text = JSON.stringify({ ...left, run: toJson(PipelineRunSchema, run) });
        const file = fileOf(run.runId);
        writeFileSync(`${file}.new`, text, { mode: 0o600 });
        renameSync(`${file}.new`, file);
      });
    },
    told: (runId) => calmly("removed", () => rmSync(fileOf(runId), { force: true })),

    async tellEarlier() {
      let told = 0;
      for (const file of filesOf(folder)) {
        const left = readLeft(file);
        if (left === undefined) rmSync(file, { force: true });
        else if (left.server !== server || own.has(left.run.runId) || isAlive(left)) continue;
        else {
          await tell(left.run);
          rmSync(file, { force: true });
          told++;
        }
      }
      if (told > 0) log.info("told flowctl of runs that ended while it was away", { runs: told });
      return told;
    },
  };

  /** Resolves when there is nothing more to try; fails when later is better. */
  async function tell(run: PipelineRun): Promise<void> {
    try {
      await client.tellRun({ run: ended(run) });
    } catch (error) {
      const { code } = ConnectError.from(error);
      if (code !== Code.InvalidArgument && code !== Code.Unimplemented) throw error;
    }
  }
}

/** One whose process is gone and that has no end was killed. */
function ended(run: PipelineRun): PipelineRun {
  if (run.endTime !== undefined) return run;
  return {
    ...run,
    status: RunStatus.FAILED,
    error: "its process ended without saying how",
    endTime: timestampFromMs(Date.now()),
  };
}

function isAlive({ host, pid, run }: Left): boolean {
  // Of another machine nobody knows; there the file of a run that has ended is enough.
  if (host !== hostname()) return run.endTime === undefined;
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return run.endTime === undefined;
  } catch (error) {
    return (error as { code?: string }).code === "EPERM" && run.endTime === undefined;
  }
}

function readLeft(file: string): Left | undefined {
  try {
    const { server, host, pid, run } = JSON.parse(readFileSync(file, "utf8")) as {
      readonly server: string;
      readonly host: string;
      readonly pid: number;
      readonly run: JsonValue;
    };
    return { server, host, pid, run: fromJson(PipelineRunSchema, run) };
  } catch {
    return undefined;
  }
}

/** Oldest first. */
function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".json"))
      .map(({ name }) => ({ file: join(folder, name), at: statSync(join(folder, name)).mtimeMs }))
      .sort((a, b) => a.at - b.at)
      .map(({ file }) => file);
  } catch {
    return [];
  }
}

function makeRoom(folder: string): void {
  const files = filesOf(folder);
  for (const file of files.slice(0, files.length - MAX_UNTOLD_RUNS + 1)) {
    rmSync(file, { force: true });
  }
}
