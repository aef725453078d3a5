import { join } from "node:path";

export const LEDGERS = 400;
const LEDGERS_PER_SECOND = 150;

/** Where the sink writes. */
export const outputOf = (folder: string): string => join(folder, "out", "token_transfers.jsonl");

/** The pipeline that is cut, killed and compared. JSON is YAML. */
export function pipelineText(folder: string): string {
  return JSON.stringify({
    apiVersion: "flowctl/v1",
    kind: "Pipeline",
    metadata: { name: "chaos-bus" },
    spec: {
      config: { bus: { duplicate_window: "100ms" } },
      sources: [{
        id: "ledgers",
        type: "sandbox",
        config: {
          start_ledger: 2,
          end_ledger: LEDGERS + 1,
          pace: LEDGERS_PER_SECOND,
          transactions_per_ledger: 4,
        },
      }],
      processors: [{ id: "transfers", type: "token-transfer", inputs: ["ledgers"] }],
      sinks: [{
        id: "out",
        type: "jsonl",
        inputs: ["transfers"],
        config: { path: join(folder, "out", "{table}.jsonl") },
      }],
    },
  });
}
