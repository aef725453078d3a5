/** Pipelines for tests of the fleet: sandbox ledgers, transfers, rows in one file. */

export interface ChainOptions {
  readonly ledgers: number;
  /** Ledgers a second; 0: as fast as they are read. */
  readonly pace?: number;
  /** False: no placement labels. Default true: role=source, role=processor, role=sink. */
  readonly labels?: boolean;
  /** YAML of the sink's type and config, indented by six. */
  readonly sink?: string;
}

const TO_FILE = `      type: jsonl
      config: { path: rows.jsonl }`;

export function chain({ ledgers, pace = 0, labels = true, sink = TO_FILE }: ChainOptions): string {
  const place = (role: string) => labels ? `\n      placement: { labels: { role: ${role} } }` : "";
  return `apiVersion: flowctl/v1
kind: Pipeline
metadata: { name: chain }
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
