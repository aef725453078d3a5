/** Pipelines for tests of the fleet: sandbox ledgers, transfers, rows in one file. */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { flowctl } from "./flowctl.ts";

type Role = "source" | "processor" | "sink";

export interface ChainOptions {
  /** Default: chain. */
  readonly name?: string;
  readonly ledgers: number;
  /** Ledgers a second; 0: as fast as they are read. */
  readonly pace?: number;
  /** False: no placement labels. Default true: role=source, role=processor, role=sink. */
  readonly labels?: boolean;
  /** Other values of the label than the role's own name. */
  readonly on?: Readonly<Partial<Record<Role, string>>>;
  /** YAML of the sink's type and config, indented by six. */
  readonly sink?: string;
}

const TO_FILE = `      type: jsonl
      config: { path: rows.jsonl }`;

export function chain(options: ChainOptions): string {
  const { name = "chain", ledgers, pace = 0, labels = true, on = {}, sink = TO_FILE } = options;
  const place = (role: Role) =>
    labels ? `\n      placement: { labels: { role: ${on[role] ?? role} } }` : "";
  return `apiVersion: flowctl/v1
kind: Pipeline
metadata: { name: ${name} }
spec:
  sources:
    - id: net
      type: sandbox
      config: { ledgers: ${ledgers}, pace: ${pace}, transactions_per_ledger: 5 }${place("source")}
  processors:
    - id: transfers
      type: token-transfer
      inputs: [net]${place("processor")}
  sinks:
    - id: rows
      inputs: [transfers]
${sink}${place("sink")}
`;
}

/**
 * The same pipeline as fast as it goes. Tests that disturb a run give it more ledgers than they can
 * take on a slow machine, and apply this when they are done: none ends too early, or waits long.
 */
export function unpaced(yaml: string): string {
  return yaml.replace(/pace: \d+/, "pace: 0");
}

/** The rows of an undisturbed run on one machine, as fast as it goes. */
export async function localRows(folder: string, yaml: string): Promise<string> {
  const alone = join(folder, "alone");
  mkdirSync(alone, { recursive: true });
  writeFileSync(join(alone, "pipeline.yaml"), unpaced(yaml));
  const done = await flowctl(["run", "pipeline.yaml"], { cwd: alone });
  if (done.status !== 0) throw new Error(done.stderr);
  return readFileSync(join(alone, "rows.jsonl"), "utf8");
}
