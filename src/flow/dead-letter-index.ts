/** Dead letters of all pipelines in a state folder, for looking through and clearing out. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { createDeadLetters } from "./dead-letters.ts";
import type { DeadLetter, DeadLetterFilter } from "./dead-letters.ts";
import { openStateFile, STATE_FILE } from "./state-file.ts";

export interface IndexedLetter extends DeadLetter {
  /** `namespace/name`. */
  readonly pipeline: string;
}

export interface IndexFilter extends DeadLetterFilter {
  readonly pipeline?: string;
}

export interface DeadLetterIndex {
  /** Ids of the letters that fit, in ascending order. */
  ids(filter?: IndexFilter): readonly number[];
  get(id: number): IndexedLetter | undefined;
  remove(id: number): boolean;
  close(): void;
}

/** Creates nothing: a folder without a state file has no letters. */
export function openDeadLetterIndex(stateDir: string): DeadLetterIndex {
  const exists = existsSync(join(stateDir, STATE_FILE));
  const file = openStateFile(exists ? stateDir : undefined);
  const pipelines = file.prepare("SELECT DISTINCT pipeline FROM dead_letter ORDER BY pipeline");
  const owner = file.prepare("SELECT pipeline FROM dead_letter WHERE id = ?");

  function pipelineOf(id: number): string | undefined {
    const row = owner.get(id);
    return row === undefined ? undefined : String(row["pipeline"]);
  }

  return {
    ids({ pipeline, ...filter } = {}) {
      return pipelines.all().map((row) => String(row["pipeline"]))
        .filter((name) => pipeline === undefined || name === pipeline)
        .flatMap((name) => createDeadLetters(file, name).ids(filter))
        .sort((a, b) => a - b);
    },
    get(id) {
      const pipeline = pipelineOf(id);
      if (pipeline === undefined) return undefined;
      const letter = createDeadLetters(file, pipeline).get(id);
      return letter === undefined ? undefined : { ...letter, pipeline };
    },
    remove(id) {
      const pipeline = pipelineOf(id);
      return pipeline !== undefined && createDeadLetters(file, pipeline).remove(id);
    },
    close: () => file.close(),
  };
}
