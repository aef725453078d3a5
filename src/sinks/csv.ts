import { createCsvRowWriter, csvHeader } from "../events/csv.ts";
import type { ComponentContext, SinkContext, SinkDefinition } from "../flow/component.ts";
import { configJsonSchema, configSchema } from "../gen/config/csv.ts";
import type { Config } from "../gen/config/csv.ts";
import { ANY_EVENT } from "../spec/declaration.ts";
import { configOf, needed } from "./config.ts";
import { checkPath } from "./files/check-path.ts";
import { chunkFileOutput } from "./files/chunk-output.ts";
import { localPath } from "./files/local-path.ts";
import { createRowsSink } from "./files/rows-sink.ts";

/** A CSV file with a header; a null is an empty field, an empty string is `""`. */
export const csv: SinkDefinition = {
  name: "csv",
  role: "sink",
  aliases: ["SaveToCSV", "csv-sink"],
  summary: "Appends events to a CSV file with a header line.",
  configSchema,
  configJsonSchema,
  configAliases: { file: "path", file_path: "path", filename: "path", output_path: "path" },
  neededToRun: ["path"],
  accepts: [ANY_EVENT],
  emits: [],
  example: `id: sheet
type: csv
inputs: [transfers]
config:
  path: out/{table}.csv
`,
  create(context: SinkContext) {
    const config = configOf<Config>(context);
    return createRowsSink(context, localPath(needed(context, "path", config.path)), {
      header: (type) => csvHeader(type, config.delimiter),
      writer: (type) => createCsvRowWriter(type, config.delimiter),
    });
  },
  chunkOutput: chunkFileOutput,
  async checkConfig({ path }): Promise<void> {
    if (typeof path === "string") localPath(path);
  },
  async check(context: ComponentContext) {
    const { path } = configOf<Config>(context);
    return path === undefined ? [] : [checkPath(localPath(path), "file")];
  },
};
