/**
 * Files that grow, as the output of one chunk: they are filled in a folder of their own and get
 * their names, with the chunk's ledgers in them, when they are whole.
 */

import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, extname, join, relative } from "node:path";
import type { Chunk, ChunkOutput } from "../../flow/component.ts";
import { syncFolder } from "./append-file.ts";
import { localPath } from "./local-path.ts";

/** Digits of a ledger in a name: as many as the largest has, so that names sort. */
const DIGITS = 10;

/** `config.path` with the chunk's ledgers: `rows.jsonl` becomes `rows-0000000002-0000000101.jsonl`. */
export function chunkFileOutput(
  config: Readonly<Record<string, unknown>>,
  chunk: Chunk,
): ChunkOutput {
  const path = localPath(String(config["path"]));
  const ledgers = [chunk.first, chunk.last].map((one) => String(one).padStart(DIGITS, "0"));
  const extension = extname(path);
  const named = `${path.slice(0, path.length - extension.length)}-${ledgers.join("-")}${extension}`;
  const root = fixedFolder(named);
  const prefix = `.flowctl-chunk-${basename(named)}-`;
  const staging = join(root, prefix + randomUUID());

  return {
    config: { ...config, path: join(staging, relative(root, named)) },
    async finish() {
      const files = await filesIn(staging);
      const names: string[] = [];
      for (const file of files) {
        const final = join(root, relative(staging, file));
        await mkdir(dirname(final), { recursive: true });
        await rename(file, final);
        syncFolder(dirname(final));
        names.push(final);
      }
      // Of this attempt, and of those that were killed: the chunk is done, so they are of no use.
      for (const name of await readdir(root)) {
        if (name.startsWith(prefix)) await rm(join(root, name), { recursive: true, force: true });
      }
      return names.sort();
    },
    discard: () => rm(staging, { recursive: true, force: true }),
  };
}

/** The folder of a path as far as no `{table}` is in it. */
function fixedFolder(path: string): string {
  let folder = dirname(path);
  while (folder.includes("{")) folder = dirname(folder);
  return folder;
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) =>
    join(entry.parentPath, entry.name)
  );
}
