import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Chunk } from "../../flow/component.ts";
import { isRemote } from "../../objects/open-store.ts";
import { localFolder } from "./names.ts";
import type { FilePlace } from "./names.ts";
import { createSpool } from "./spool.ts";
import type { Spool } from "./spool.ts";

/**
 * Beside the files when these are on this machine, under a name that a later run finds, so that a
 * whole file needs but another name. For a bucket, nameless in the system's temporary folder.
 */
export function spoolOf({ root }: FilePlace, chunk: Chunk | undefined): Spool {
  if (isRemote(root)) {
    return createSpool({ folder: join(tmpdir(), `flowctl-${randomUUID()}`), named: false });
  }
  const name = [".flowctl-parquet", ...(chunk === undefined ? [] : [chunk.first, chunk.last])];
  return createSpool({ folder: join(localFolder(root), name.join("-")), named: true });
}
