/** The step that turns `proto/` into messages and services under `src/gen/proto`, with buf. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GenerateError } from "./step.ts";
import type { Step } from "./step.ts";

const FOLDER = "src/gen/proto";
const BUF = "node_modules/@bufbuild/buf/bin/buf";

export const protoStep: Step = {
  name: "proto",
  summary: "messages and services of the .proto files, with buf and protoc-gen-es",
  owns: [FOLDER],
  make: () => {
    const folder = mkdtempSync(join(tmpdir(), "flowctl-proto-"));
    try {
      const buf = spawnSync(process.execPath, [BUF, "generate", "--output", folder], {
        encoding: "utf8",
      });
      if (buf.status !== 0) {
        throw new GenerateError(`buf generate failed:\n${buf.stderr || buf.error?.message}`);
      }
      return Promise.resolve(readAll(folder));
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

function readAll(folder: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const entry of readdirSync(join(folder, FOLDER), { recursive: true, encoding: "utf8" })) {
    if (!/\.(js|ts)$/.test(entry)) continue;
    const text = readFileSync(join(folder, FOLDER, entry), "utf8");
    files.set(join(FOLDER, entry), entry.endsWith(".js") ? withTypes(entry, text) : text);
  }
  return files;
}

/** Deno finds the types of a .js file only where the file itself names them. */
function withTypes(entry: string, text: string): string {
  const types = entry.split(/[\\/]/).at(-1)!.replace(/\.js$/, ".d.ts");
  return `// @ts-self-types="./${types}"\n${text}`;
}
