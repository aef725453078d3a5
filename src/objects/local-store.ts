/** A folder as an object store. */

import { constants } from "node:fs";
import type { Dirent } from "node:fs";
import { copyFile, link, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { FlowctlError, messageOf } from "../spec/errors.ts";
import { assertSize } from "./body.ts";
import { objectError, type Request } from "./object-error.ts";
import { assertKey } from "./object-key.ts";
import type { GetOptions, ListOptions, ObjectInfo, ObjectStore } from "./object-store.ts";

/** Names of files that are still being written; a crash may leave one, and `list` passes over it. */
const PARTIAL = /^\.flowctl-.*\.partial$/;
/** What follows the object's own name: a UUID. */
const PARTIAL_END = /^[0-9a-f-]{36}\.partial$/;

/** What the names of all unfinished files of a path begin with. */
function partialPrefix(path: string): string {
  return `.flowctl-${basename(path)}-`;
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
}

function localError(request: Request, thrown: unknown): Error {
  if (thrown instanceof FlowctlError) return thrown;
  const what = `cannot ${request.action} ${request.url}: ${messageOf(thrown)}`;
  switch (codeOf(thrown)) {
    case "ENOENT":
    case "ENOTDIR":
      return objectError(request, { status: 404 });
    case "EACCES":
    case "EPERM":
      return new FlowctlError("objects/denied", what, {
        hint: "Check the permissions of the file and of the folders above it.",
      });
    case "ENOSPC":
    case "EDQUOT":
      return new FlowctlError("sink/disk-full", what, { hint: "Free some space and run again." });
    case "EMFILE":
    case "ENFILE":
    case "EAGAIN":
    case "EBUSY":
      return new FlowctlError("objects/unreachable", what, { retryable: true });
    default:
      return new FlowctlError("objects/rejected", what);
  }
}

/** Makes a rename or a new entry in this folder survive a power cut. */
async function syncFolder(path: string): Promise<void> {
  // Windows cannot open a folder, and commits renames by itself.
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first !== undefined) await syncFolder(dirname(first));
}

/** Folders sort as if a slash stood at their end, which is the order of the keys below them. */
function inKeyOrder(entries: readonly Dirent[]): Dirent[] {
  const named = entries.map((entry) => ({
    entry,
    name: entry.isDirectory() ? `${entry.name}/` : entry.name,
  }));
  named.sort((a, b) => a.name < b.name ? -1 : 1);
  return named.map(({ entry }) => entry);
}

export function openLocalStore(root: string): ObjectStore {
  const urlOf = (key: string) => join(root, key);

  async function attempt<T>(action: Request["action"], key: string, run: () => Promise<T>) {
    const request = { action, url: urlOf(key) };
    try {
      return await run();
    } catch (thrown) {
      const error = localError(request, thrown);
      const gone = error instanceof FlowctlError && error.code === "objects/not-found";
      if (gone && (await stat(root).catch(() => undefined))?.isDirectory() !== true) {
        throw new FlowctlError("objects/rejected", `there is no folder ${root}`, {
          hint: "Check the path; relative paths start at the working directory.",
        });
      }
      throw error;
    }
  }

  async function read(key: string, options: GetOptions): Promise<Uint8Array> {
    const file = await open(urlOf(key), "r");
    try {
      const info = await file.stat();
      if (!info.isFile()) throw objectError({ action: "read", url: urlOf(key) }, { status: 404 });
      const start = Math.min(options.range?.start ?? 0, info.size);
      const end = Math.min(options.range?.end ?? info.size, info.size);
      assertSize({ action: "read", url: urlOf(key) }, end - start);
      const bytes = new Uint8Array(end - start);
      let filled = 0;
      while (filled < bytes.byteLength) {
        const rest = bytes.byteLength - filled;
        const { bytesRead } = await file.read(bytes, filled, rest, start + filled);
        // Cut off since its size was asked: what is left shows up as a damaged object.
        if (bytesRead === 0) return bytes.subarray(0, filled);
        filled += bytesRead;
      }
      return bytes;
    } finally {
      await file.close();
    }
  }

  /** `make` makes the file of that name, and opens it. */
  async function write(
    key: string,
    make: (partial: string) => Promise<FileHandle>,
  ): Promise<void> {
    const path = urlOf(key);
    await makeFolder(dirname(path));
    const partial = join(dirname(path), `${partialPrefix(path)}${randomUUID()}.partial`);
    try {
      const file = await make(partial);
      try {
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(partial, path);
    } finally {
      // Also after success: a rename onto another name of the same file leaves both.
      await rm(partial, { force: true });
    }
    await syncFolder(dirname(path));
  }

  async function makeWith(partial: string, bytes: Uint8Array): Promise<FileHandle> {
    const file = await open(partial, "wx");
    try {
      await file.writeFile(bytes);
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Another name of the same file where the file system has that, else a copy. */
  async function makeFrom(partial: string, source: string): Promise<FileHandle> {
    await link(source, partial).catch(() => copyFile(source, partial, constants.COPYFILE_EXCL));
    return await open(partial, "r+");
  }

  /** With an object goes what a crash left of writing it. */
  async function remove(key: string): Promise<void> {
    const path = urlOf(key);
    await rm(path, { force: true });
    const names = await readdir(dirname(path)).catch(() => []);
    const prefix = partialPrefix(path);
    const left = names.filter((name) =>
      name.startsWith(prefix) && PARTIAL_END.test(name.slice(prefix.length))
    );
    for (const name of left) await rm(join(dirname(path), name), { force: true });
  }

  async function* walk(folder: string, prefix: string, after: string): AsyncGenerator<ObjectInfo> {
    const above = folder === "" ? "" : `${folder}/`;
    const mayMatch = ({ name }: Dirent) => {
      const key = `${above}${name}`;
      return key.startsWith(prefix) || prefix.startsWith(key);
    };
    const entries = await readdir(join(root, folder), { withFileTypes: true });
    for (const entry of inKeyOrder(entries.filter(mayMatch))) {
      const key = `${above}${entry.name}`;
      if (entry.isDirectory()) {
        const inside = `${key}/`;
        const wanted = inside.startsWith(prefix) || prefix.startsWith(inside);
        // Everything below sorts before `after` unless `after` lies inside or behind.
        const passed = inside < after && !after.startsWith(inside);
        if (wanted && !passed) yield* walk(key, prefix, after);
      } else if (key.startsWith(prefix) && key > after && !PARTIAL.test(entry.name)) {
        const info = await stat(join(root, key)).catch(() => undefined);
        if (info?.isFile()) yield { key, size_bytes: info.size };
      }
    }
  }

  async function* list(prefix: string, options: ListOptions): AsyncGenerator<ObjectInfo> {
    let left = options.limit ?? Infinity;
    if (left <= 0) return;
    const found = walk("", prefix, options.startAfter ?? "");
    while (true) {
      options.signal?.throwIfAborted();
      const next = await attempt("list", prefix, () => found.next());
      if (next.done === true) return;
      yield next.value;
      left -= 1;
      if (left === 0) return;
    }
  }

  return {
    url: root,
    canList: true,
    urlOf,
    async get(key, options = {}) {
      assertKey(key);
      options.signal?.throwIfAborted();
      return await attempt("read", key, () => read(key, options));
    },
    async head(key) {
      assertKey(key);
      return await attempt("look up", key, async () => {
        const info = await stat(urlOf(key)).catch((error) => {
          if (["ENOENT", "ENOTDIR"].includes(codeOf(error))) return undefined;
          throw error;
        });
        return info?.isFile() ? { key, size_bytes: info.size } : undefined;
      });
    },
    list: (prefix, options = {}) => list(prefix, options),
    async put(key, bytes) {
      assertKey(key);
      await attempt("write", key, () => write(key, (partial) => makeWith(partial, bytes)));
    },
    async putFile(key, path) {
      assertKey(key);
      await attempt("write", key, () => write(key, (partial) => makeFrom(partial, path)));
    },
    async delete(key) {
      assertKey(key);
      await attempt("delete", key, () => remove(key));
    },
    close: async () => {},
  };
}
