import { ledgerHeaderEvent } from "../events/ledger-header.ts";
import { ledgerEvent } from "../events/ledger.ts";
import type { Row } from "../flow/batch.ts";
import type { Processor, ProcessorDefinition } from "../flow/component.ts";
import { configJsonSchema, configSchema } from "../gen/config/ledgers.ts";
import type { Config } from "../gen/config/ledgers.ts";
import { ledgerEntryTypeName } from "../gen/xdr/ledger-entry-type.ts";
import { accountAddress } from "../stellar/address.ts";
import { FlowctlError } from "../spec/errors.ts";
import type { Ledger, LedgerState } from "../stellar/ledger.ts";
import type { LedgerTransaction } from "../stellar/ledger-transaction.ts";
import { envelopesOf, operationCount } from "../stellar/tx-set.ts";
import { configOf } from "../flow/component-config.ts";
import { ledgerProcessor } from "./ledger-processor.ts";
import type { LedgerScope } from "./ledger-processor.ts";

export function createLedgers(config: Config): Processor {
  return ledgerProcessor(
    (scope) => [{ type: ledgerHeaderEvent, rows: rowsOf(scope) }],
    config,
  );
}

/** None when a transaction was left out of which it cannot be told whether it succeeded. */
function rowsOf(scope: LedgerScope): Row[] {
  const counts = countResults(scope);
  return counts === undefined ? [] : [ledgerRow(scope, counts)];
}

function ledgerRow(scope: LedgerScope, counts: ResultCounts): Row {
  const { ledger } = scope;
  const entry = ledger.headerEntry;
  const { header } = entry;
  const signature = header.scpValue.ext.lcValueSignature;
  const { soroban, state } = ledger;
  const bytes = state?.size_bytes ?? 0n;
  const evicted = state === undefined ? undefined : namesOf(state);
  return {
    event_id: scope.idPrefix,
    sequence: scope.sequence,
    ledger_hash: hex(entry.hash),
    previous_ledger_hash: hex(header.previousLedgerHash),
    ledger_header: header.toXdrBase64(),
    transaction_count: counts.successful,
    operation_count: counts.operations,
    successful_transaction_count: counts.successful,
    failed_transaction_count: counts.failed,
    tx_set_operation_count: String(countOperations(ledger)),
    closed_at: scope.closedAt,
    total_coins: header.totalCoins,
    fee_pool: header.feePool,
    base_fee: BigInt(header.baseFee),
    base_reserve: BigInt(header.baseReserve),
    max_tx_set_size: BigInt(header.maxTxSetSize),
    protocol_version: header.ledgerVersion,
    id: scope.ledgerId,
    soroban_fee_write_1kb: soroban?.ext.v1?.sorobanFeeWrite1Kb ?? 0n,
    node_id: signature === undefined ? "" : accountAddress(ledger.xdr, signature.nodeIdOffset),
    signature: signature === undefined ? "" : base64(signature.signature),
    total_byte_size_of_bucket_list: bytes,
    total_byte_size_of_live_soroban_state: bytes,
    evicted_ledger_keys_type: evicted?.types ?? null,
    evicted_ledger_keys_hash: evicted?.keys ?? null,
  };
}

interface ResultCounts {
  successful: number;
  failed: number;
  /** Operations of the successful ones. */
  operations: number;
}

function countResults(scope: LedgerScope): ResultCounts | undefined {
  const counts = { successful: 0, failed: 0, operations: 0 };
  for (const transaction of scope.transactions()) addResult(counts, transaction);
  for (const { transaction } of scope.ledger.unreadable) {
    if (!isOutcomeKnown(transaction)) return undefined;
    addResult(counts, transaction);
  }
  return counts;
}

function addResult(counts: ResultCounts, transaction: LedgerTransaction): void {
  if (!transaction.successful) {
    counts.failed++;
    return;
  }
  counts.successful++;
  const { result } = transaction.result;
  counts.operations += (result.results ?? result.innerResultPair?.result.result.results)?.length ??
    0;
}

/** Its codes, and how many operations it has, stand before the results of these. */
function isOutcomeKnown({ result: { result } }: LedgerTransaction): boolean {
  try {
    return [result.code, result.innerResultPair?.result.result.code].length > 0;
  } catch (thrown) {
    if (thrown instanceof FlowctlError && thrown.code === "xdr/unknown-arm") return false;
    throw thrown;
  }
}

function countOperations(ledger: Ledger): number {
  let operations = 0;
  for (const envelope of envelopesOf(ledger)) operations += operationCount(envelope);
  return operations;
}

/** Types in Go's spelling and keys as XDR: that is what Hubble's column of hashes holds. */
function namesOf({ evictedKeys }: LedgerState): { types: string[]; keys: string[] } {
  const types: string[] = [];
  const keys: string[] = [];
  for (const key of evictedKeys) {
    const name = ledgerEntryTypeName(key.type) ?? "";
    types.push(`LedgerEntryType${name.charAt(0).toUpperCase()}${name.slice(1)}`);
    keys.push(key.toXdrBase64());
  }
  return { types, keys };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

export const ledgers: ProcessorDefinition = {
  name: "ledgers",
  role: "processor",
  aliases: ["ledger-headers", "LatestLedger", "ledger-processor"],
  summary: "One row per ledger: its header and what its transactions come to, as in Hubble.",
  configSchema,
  configJsonSchema,
  configAliases: { network: "network_passphrase" },
  accepts: [ledgerEvent.name],
  emits: [ledgerHeaderEvent.name],
  example: `id: headers
type: ledgers
inputs: [lake]
`,
  create: (context) => createLedgers(configOf<Config>(context)),
};
