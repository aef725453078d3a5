/** The pipeline files that `flowctl init` writes. */

export const NETWORKS = {
  mainnet: "Stellar mainnet, from the public ledger lake on AWS (no account needed)",
  testnet: "Stellar testnet, from SDF's RPC server",
  sandbox: "a synthetic network on this machine, to try things out offline",
} as const;

export const SINKS = {
  parquet: "Parquet files, for DuckDB, pandas, Spark",
  postgres: "tables of a PostgreSQL database",
  sqlite: "tables of one SQLite file",
} as const;

export type Network = keyof typeof NETWORKS;
export type SinkPreset = keyof typeof SINKS;

export interface Preset {
  readonly name: string;
  readonly network: Network;
  readonly sink: SinkPreset;
}

/** The whole YAML file, with comments that say what to change next. */
export function presetFile({ name, network, sink }: Preset): string {
  const source = SOURCE_IDS[network];
  return `# Token transfers and contract events of ${WHERE[network]}, into ${SINKS[sink]}.
#   flowctl validate FILE   checks this file
#   flowctl doctor FILE     checks that everything it names can be reached
#   flowctl run FILE        runs it; run again, it goes on where it stopped
apiVersion: flowctl/v1
kind: Pipeline
metadata:
  name: ${name}
spec:
  sources:
${SOURCES[network]}
  processors:
    - id: transfers
      type: token-transfer
      inputs: [${source}]
    - id: events
      type: contract-events
      inputs: [${source}]
      config:
        # Only these contracts (C…); empty: all.
        contract_ids: []
  sinks:
${sinkBlocks(`out/${name}`)[sink]}`;
}

const WHERE: Readonly<Record<Network, string>> = {
  mainnet: "Stellar mainnet",
  testnet: "Stellar testnet",
  sandbox: "a synthetic network",
};

const SOURCE_IDS: Readonly<Record<Network, string>> = {
  mainnet: "lake",
  testnet: "rpc",
  sandbox: "network",
};

const SOURCES: Readonly<Record<Network, string>> = {
  mainnet: `    - id: lake
      type: galexie
      config:
        url: "s3://aws-public-blockchain/v1.1/stellar/ledgers/pubnet"
        region: us-east-2
        anonymous: true
        # Ten ledgers to begin with. Without end_ledger it follows the network from start_ledger on;
        # start_ledger: latest begins now.
        start_ledger: 63092982
        end_ledger: 63092991`,
  testnet: `    - id: rpc
      type: stellar-rpc
      config:
        url: "https://soroban-testnet.stellar.org"
        network_passphrase: "Test SDF Network ; September 2015"
        # Begins now and follows the network; an RPC server holds about the last week.
        start_ledger: latest`,
  sandbox: `    - id: network
      type: sandbox
      config:
        start_ledger: 2
        end_ledger: 101`,
};

/** Each pipeline has a folder of its own: files of another one stop a run. */
const sinkBlocks = (folder: string): Readonly<Record<SinkPreset, string>> => ({
  parquet: `    - id: transfer-files
      type: parquet
      inputs: [transfers]
      config:
        path: ${folder}/token_transfers
        ledgers_per_file: 1000
    - id: event-files
      type: parquet
      inputs: [events]
      config:
        path: ${folder}/contract_events
        ledgers_per_file: 1000
`,
  postgres: `    - id: database
      type: postgres
      inputs: [transfers, events]
      config:
        # From the environment, or a file: flowctl run FILE --env-file .env
        connection_string: "\${DATABASE_URL}"
        # Each event type has a table of its own: token_transfers, contract_events.
        table: "{table}"
`,
  sqlite: `    - id: database
      type: sqlite
      inputs: [transfers, events]
      config:
        path: ${folder}/flow.db
        # Each event type has a table of its own: token_transfers, contract_events.
        table: "{table}"
`,
});
