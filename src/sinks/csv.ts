import { createCsvRowWriter, csvHeader } from "../events/csv.ts";
import type { ComponentContext, Encoder, SinkContext, SinkDefinition } from "../flow/component.ts";
import { configJsonSchema, configSchema } from "../gen/config/csv.ts";
import type { Config } from "../gen/config/csv.ts";
import { ANY_EVENT } from "../spec/declaration.ts";
import { configOf, needed } from "../flow/component-config.ts";
import { checkPath } from "./files/check-path.ts";
import { chunkFileOutput } from "./files/chunk-output.ts";
import { localPath } from "./files/local-path.ts";
import { rowEncoder, textLines } from "./files/row-encoder.ts";
import { createRowsSink } from "./files/rows-sink.ts";

function encoderOf({ delimiter }: Config): Encoder {
  return rowEncoder({
    header: (type) => csvHeader(type, delimiter),
    lines: (type) => textLines(createCsvRowWriter(type, delimiter)),
  });
}

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
    const path = localPath(needed(context, "path", config.path));
    return createRowsSink(context, path, encoderOf(config));
  },
  encoder: (config) => encoderOf(config as unknown as Config),
  chunkOutput: chunkFileOutput,
  async checkConfig({ path }): Promise<void> {
    if (typeof path === "string") localPath(path);
  },
  async check(context: ComponentContext) {
    const { path } = configOf<Config>(context);
    return path === undefined ? [] : [checkPath(localPath(path), "file")];
  },
};
