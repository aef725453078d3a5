/** Whether what a chunk wrote is still there, and still what it was. */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { isRemote } from "../objects/open-store.ts";
import { messageOf } from "../spec/errors.ts";
import type { ChunkStatus } from "./chunk-status.ts";

export interface FileFault {
  readonly file: string;
  readonly fault: "missing" | "changed" | "unreadable";
  readonly detail: string;
}

/** Files of the chunk on this machine that are gone. Objects in stores are not looked for. */
export async function missingFiles(chunk: ChunkStatus): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const file of Object.keys(chunk.checksums)) {
    if (isRemote(file)) continue;
    if (await stat(file).then((info) => info.isFile(), () => false)) continue;
    missing.push(file);
  }
  return missing;
}

/** Reads every file of the chunk on this machine again. */
export async function checkFiles(chunk: ChunkStatus): Promise<readonly FileFault[]> {
  const faults: FileFault[] = [];
  const missing = new Set(await missingFiles(chunk));
  for (const [file, wanted] of Object.entries(chunk.checksums)) {
    if (isRemote(file)) continue;
    if (missing.has(file)) faults.push({ file, fault: "missing", detail: "" });
    else {
      try {
        const seen = await checksumOf(file);
        if (seen !== wanted) faults.push({ file, fault: "changed", detail: `SHA-256 is ${seen}` });
      } catch (error) {
        faults.push({ file, fault: "unreadable", detail: messageOf(error) });
      }
    }
  }
  return faults;
}

/** SHA-256 of a file's bytes, hex. */
export async function checksumOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const bytes of createReadStream(file)) hash.update(bytes as Uint8Array);
  return hash.digest("hex");
}
