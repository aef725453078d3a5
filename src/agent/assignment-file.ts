/** The last known assignments on the agent's own disk: it starts from them with nobody to ask. */

import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { FlowctlError, messageOf } from "../spec/errors.ts";
import type { Assignment } from "./assignment.ts";

const FILE = "assignments.json";

const savedSchema = v.object({
  assignments: v.array(v.object({
    pipeline: v.string(),
    revision: v.number(),
    yaml: v.string(),
    components: v.record(v.string(), v.number()),
    store: v.optional(v.string()),
  })),
  /** Starts of components that were given on the command line: their epoch. */
  starts: v.optional(v.number(), 0),
});

export interface Saved {
  readonly assignments: readonly Assignment[];
  readonly starts: number;
}

const NOTHING: Saved = { assignments: [], starts: 0 };

export interface AssignmentFile {
  load(): Saved;
  /** Durable when it returns, and never half written. */
  save(saved: Saved): void;
}

/** Throws `state/unreadable` when the folder cannot be made. */
export function openAssignmentFile(dataDir: string): AssignmentFile {
  const path = join(dataDir, FILE);
  const guarded = <T>(what: string, action: () => T): T => {
    try {
      return action();
    } catch (cause) {
      throw new FlowctlError("state/unreadable", `cannot ${what} ${path}: ${messageOf(cause)}`, {
        hint: "Check that the agent may write to its --data-dir.",
        cause,
      });
    }
  };
  guarded("make the folder of", () => mkdirSync(dataDir, { recursive: true }));
  return {
    load() {
      let text: string;
      try {
        text = readFileSync(path, "utf8");
      } catch (error) {
        if ((error as { code?: string }).code === "ENOENT") return NOTHING;
        return guarded("read", () => {
          throw error;
        });
      }
      return guarded("read", () => v.parse(savedSchema, JSON.parse(text)));
    },
    save: (saved) =>
      guarded("write", () => {
        const temporary = `${path}.new`;
        const file = openSync(temporary, "w", 0o600);
        try {
          writeSync(file, JSON.stringify(saved));
          fsyncSync(file);
        } finally {
          closeSync(file);
        }
        renameSync(temporary, path);
        const folder = openSync(dataDir, "r");
        try {
          fsyncSync(folder);
        } finally {
          closeSync(folder);
        }
      }),
  };
}
