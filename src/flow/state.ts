/** What a pipeline remembers between runs, in `<stateDir>/state.db`. */

import { hostname } from "node:os";
import process from "node:process";
import type { Sqlite } from "../runtime/sqlite.ts";
import { FlowctlError } from "../spec/errors.ts";
import type { PipelineSpec } from "../spec/pipeline.ts";
import type { CheckpointSlot } from "./component.ts";
import { createDeadLetters } from "./dead-letters.ts";
import type { DeadLetters } from "./dead-letters.ts";
import { tryLock } from "./lock.ts";
import { createSnapshots } from "./snapshots.ts";
import type { Snapshots } from "./snapshots.ts";
import { openStateFile } from "./state-file.ts";
import { decodeJson, encodeTyped } from "./typed-json.ts";

export interface State {
  readonly deadLetters: DeadLetters;
  readonly snapshots: Snapshots;
  /** Where a sink without transactions keeps its checkpoint. */
  slot(sink: string): CheckpointSlot;
  /** The configuration under which the sink committed, as `fingerprintOf` wrote it. */
  fingerprint(sink: string): string | undefined;
  saveFingerprint(sink: string, config: string): void;
  /** Forgets everything of this pipeline. */
  reset(): void;
  close(): void;
}

export interface StateOptions {
  /** Folder of the state file; undefined: in memory, for this run only, without a lock. */
  readonly stateDir: string | undefined;
  /** As `pipelineKey` gives it. */
  readonly pipeline: string;
  /** False: to look only; a run may hold the lock. Default true. */
  readonly exclusive?: boolean;
}

export function pipelineKey(pipeline: Pick<PipelineSpec, "namespace" | "name">): string {
  return `${pipeline.namespace}/${pipeline.name}`;
}

/** Throws `state/locked` when another run of the pipeline uses the folder. */
export function openState(options: StateOptions): State {
  const { stateDir, pipeline } = options;
  const file = openStateFile(stateDir);
  let unlock: (() => void) | undefined;
  try {
    if (stateDir !== undefined && options.exclusive !== false) {
      unlock = tryLock(stateDir, pipeline);
      if (unlock === undefined) throw lockedBy(file, stateDir, pipeline);
      file.prepare("INSERT OR REPLACE INTO holder VALUES (?, ?, ?, ?)")
        .run(pipeline, process.pid, hostname(), Date.now());
    }
    return createState(file, pipeline, unlock);
  } catch (error) {
    unlock?.();
    file.close();
    throw error;
  }
}

function lockedBy(file: Sqlite, stateDir: string, pipeline: string): FlowctlError {
  const holder = file.prepare("SELECT pid, host, started_at_ms FROM holder WHERE pipeline = ?")
    .get(pipeline);
  const by = holder === undefined
    ? "another process"
    : `process ${holder["pid"]} on ${holder["host"]}, which started ` +
      new Date(Number(holder["started_at_ms"])).toISOString();
  return new FlowctlError("state/locked", `pipeline ${pipeline} is run from ${stateDir} by ${by}`, {
    hint: "Stop that run first, or give this one its own --state-dir or metadata.name.",
  });
}

function createState(file: Sqlite, pipeline: string, unlock: (() => void) | undefined): State {
  const readExtra = file.prepare("SELECT extra FROM checkpoint WHERE pipeline = ? AND sink = ?");
  const readPositions = file.prepare(
    "SELECT source, sequence FROM position WHERE pipeline = ? AND sink = ?",
  );
  const writeExtra = file.prepare("INSERT OR REPLACE INTO checkpoint VALUES (?, ?, ?)");
  const writePosition = file.prepare("INSERT OR REPLACE INTO position VALUES (?, ?, ?, ?)");
  const readConfig = file.prepare("SELECT config FROM fingerprint WHERE pipeline = ? AND sink = ?");
  const writeConfig = file.prepare("INSERT OR REPLACE INTO fingerprint VALUES (?, ?, ?)");

  return {
    deadLetters: createDeadLetters(file, pipeline),
    snapshots: createSnapshots(file, pipeline),
    slot: (sink) => ({
      load() {
        const extra = readExtra.get(pipeline, sink);
        if (extra === undefined) return undefined;
        const rows = readPositions.all(pipeline, sink);
        return {
          positions: new Map(rows.map((row) => [String(row["source"]), Number(row["sequence"])])),
          extra: decodeJson(String(extra["extra"])),
        };
      },
      save({ positions, extra }) {
        file.transaction(() => {
          writeExtra.run(pipeline, sink, encodeTyped(extra));
          for (const [source, sequence] of positions) {
            writePosition.run(pipeline, sink, source, sequence);
          }
        });
      },
    }),
    fingerprint(sink) {
      const row = readConfig.get(pipeline, sink);
      return row === undefined ? undefined : String(row["config"]);
    },
    saveFingerprint: (sink, config) => void writeConfig.run(pipeline, sink, config),
    reset() {
      file.transaction(() => {
        for (const table of ["checkpoint", "position", "fingerprint", "snapshot", "dead_letter"]) {
          file.prepare(`DELETE FROM ${table} WHERE pipeline = ?`).run(pipeline);
        }
      });
    },
    close() {
      file.close();
      unlock?.();
    },
  };
}
