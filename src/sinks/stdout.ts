import { createRowWriter } from "../events/json-rows.ts";
import type { EventType } from "../events/event-type.ts";
import type { Row } from "../flow/batch.ts";
import type { Sink, SinkDefinition } from "../flow/component.ts";
import { configJsonSchema, configSchema } from "../gen/config/stdout.ts";
import type { Config } from "../gen/config/stdout.ts";
import { ANY_EVENT } from "../spec/declaration.ts";
import { FlowctlError, messageOf } from "../spec/errors.ts";
import { configOf } from "../flow/component-config.ts";
import { rowError } from "../events/row-error.ts";

/** The part of a stream that is needed: `process.stdout` has it. */
export interface TextOutput {
  write(text: string, done: (error?: Error | null) => void): boolean;
  on(event: "error", listener: (error: Error) => void): unknown;
  off(event: "error", listener: (error: Error) => void): unknown;
}

/**
 * Prints rows as JSON lines. What is printed cannot be taken back, so there is no checkpoint: each
 * run prints from its first ledger. A reader that has had enough (`| head`) ends the run with
 * `sink/output-closed`, whose exit status is 0.
 */
export function createStdoutSink(output: TextOutput, namesTypes = false): Sink {
  const positions = new Map<string, number>();
  const writers = new Map<string, (row: Row) => string>();
  let failure: FlowctlError | undefined;
  const onError = (error: Error) => {
    failure ??= outputError(error);
  };

  const print = (text: string) =>
    new Promise<void>((resolve, reject) => {
      output.write(text, (error) => {
        if (error) onError(error);
        if (failure === undefined) resolve();
        else reject(failure);
      });
    });

  return {
    open() {
      output.on("error", onError);
      return Promise.resolve(new Map());
    },
    async write(batch) {
      if (failure !== undefined) throw failure;
      let text = "";
      for (const { type, rows } of batch.groups) {
        const write = writers.get(type.name) ?? createWriter(type, namesTypes);
        writers.set(type.name, write);
        for (const row of rows) {
          try {
            text += write(row) + "\n";
          } catch (error) {
            throw rowError(error, type, row);
          }
        }
      }
      if (text !== "") await print(text);
      positions.set(batch.source, batch.sequence);
    },
    commit() {
      return Promise.resolve(new Map(positions));
    },
    close() {
      // A late error without a listener would end the process.
      if (failure === undefined) output.off("error", onError);
      return Promise.resolve();
    },
  };
}

function createWriter(type: EventType, namesType: boolean): (row: Row) => string {
  const write = createRowWriter(type);
  const hasName = type.columns.some((column) => column.name === "event_type");
  if (!namesType || hasName) return write;
  const start = `{"event_type":${JSON.stringify(type.name)},`;
  return (row) => start + write(row).slice(1);
}

function outputError(error: Error): FlowctlError {
  const code = (error as { code?: unknown }).code;
  if (code === "EPIPE" || code === "ERR_STREAM_DESTROYED") {
    return new FlowctlError("sink/output-closed", "the reader of standard output has gone", {
      cause: error,
    });
  }
  return new FlowctlError("sink/rejected", `cannot print: ${messageOf(error)}`, { cause: error });
}

/** Events on standard output, for a look and for pipes. */
export const stdout: SinkDefinition = {
  name: "stdout",
  role: "sink",
  aliases: ["console", "print", "SaveToStdout", "StdoutConsumer", "stdout-sink"],
  summary: "Prints events, one JSON object per line.",
  configSchema,
  configJsonSchema,
  localState: "its positions",
  accepts: [ANY_EVENT],
  emits: [],
  example: `id: screen
type: stdout
inputs: [transfers]
`,
  create: (context) => createStdoutSink(process.stdout, configOf<Config>(context).event_type),
};
