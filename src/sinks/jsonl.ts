import { JsonRows } from "../events/json-rows.ts";
import type { ComponentContext, Encoder, SinkContext, SinkDefinition } from "../flow/component.ts";
import { configJsonSchema, configSchema } from "../gen/config/jsonl.ts";
import type { Config } from "../gen/config/jsonl.ts";
import { ANY_EVENT } from "../spec/declaration.ts";
import { configOf, needed } from "../flow/component-config.ts";
import { checkPath } from "./files/check-path.ts";
import { chunkFileOutput } from "./files/chunk-output.ts";
import { localPath } from "./files/local-path.ts";
import { rowEncoder } from "./files/row-encoder.ts";
import { createRowsSink } from "./files/rows-sink.ts";

function encoder(): Encoder {
  return rowEncoder({ header: undefined, lines: (type) => new JsonRows(type) });
}

/** A file of one JSON object per line; rows of several event types may share it. */
export const jsonl: SinkDefinition = {
  name: "jsonl",
  role: "sink",
  aliases: [
    "json-lines",
    "ndjson",
    "SaveToJSONL",
    "SaveToJSON",
    "SaveToFile",
    "jsonl-sink",
    "file-sink",
  ],
  summary: "Appends events to a file, one JSON object per line.",
  configSchema,
  configJsonSchema,
  configAliases: { file: "path", file_path: "path", filename: "path", output_path: "path" },
  neededToRun: ["path"],
  accepts: [ANY_EVENT],
  emits: [],
  example: `id: rows
type: jsonl
inputs: [transfers]
config:
  path: out/{table}.jsonl
`,
  create(context: SinkContext) {
    const path = localPath(needed(context, "path", configOf<Config>(context).path));
    return createRowsSink(context, path, encoder());
  },
  encoder,
  chunkOutput: chunkFileOutput,
  async checkConfig({ path }): Promise<void> {
    if (typeof path === "string") localPath(path);
  },
  async check(context: ComponentContext) {
    const { path } = configOf<Config>(context);
    return path === undefined ? [] : [checkPath(localPath(path), "file")];
  },
};
