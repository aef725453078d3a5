import { contractInvocationEvent } from "../../events/contract-invocation.ts";
import { ledgerEvent } from "../../events/ledger.ts";
import type { Json, Row } from "../../flow/batch.ts";
import type { Processor, ProcessorDefinition } from "../../flow/component.ts";
import { configJsonSchema, configSchema } from "../../gen/config/contract-invocations.ts";
import type { Config } from "../../gen/config/contract-invocations.ts";
import type { InvokeContractArgsView } from "../../gen/xdr/invoke-contract-args.ts";
import { scAddress } from "../../stellar/address.ts";
import type { LedgerTransaction } from "../../stellar/ledger-transaction.ts";
import { resultCodes } from "../../stellar/result-codes.ts";
import { scValJson } from "../../stellar/sc-val-json.ts";
import type { AppliedOperation } from "../../stellar/transaction-operations.ts";
import { configOf } from "../../flow/component-config.ts";
import { checkedContract } from "../contract-events/event-filter.ts";
import { ledgerProcessor } from "../ledger-processor.ts";
import type { LedgerScope } from "../ledger-processor.ts";
import { authJson } from "./auth-json.ts";
import { subCalls } from "./sub-calls.ts";

type Keep = (contract: string, name: string) => boolean;

/** Throws `spec/invalid` when a contract id is none. */
export function createContractInvocations(config: Config): Processor {
  const contracts = new Set(config.contract_ids.map(checkedContract));
  const functions = new Set(config.functions);
  const keep: Keep = (contract, name) =>
    (contracts.size === 0 || contracts.has(contract)) &&
    (functions.size === 0 || functions.has(name));
  return ledgerProcessor(
    (scope) => [{ type: contractInvocationEvent, rows: rowsOf(scope, keep) }],
    config,
  );
}

function rowsOf(scope: LedgerScope, keep: Keep): readonly Row[] {
  const rows: Row[] = [];
  for (const { operations } of scope.transactionOperations()) {
    for (const applied of operations) {
      const call = applied.operation.body.invokeHostFunctionOp?.hostFunction.invokeContract;
      if (call === undefined) continue;
      const contract = scAddress(call.xdr, call.contractAddressOffset);
      if (keep(contract, call.functionName)) rows.push(rowOf(scope, applied, contract, call));
    }
  }
  return rows;
}

function rowOf(
  scope: LedgerScope,
  applied: AppliedOperation,
  contract: string,
  call: InvokeContractArgsView,
): Row {
  const { transaction, successful } = applied.of;
  const op = applied.need(applied.operation.body.invokeHostFunctionOp, "function");
  const transactionId = scope.transactionIdOf(transaction.index);
  const values = call.args.toArray();
  return {
    event_id: `${scope.idPrefix}-${transaction.index}-${applied.index}`,
    transaction_hash: transaction.hash,
    transaction_id: transactionId,
    operation_id: transactionId + BigInt(applied.index + 1),
    source_account: applied.source.account,
    contract_id: contract,
    function: call.functionName,
    arguments: values.map(({ xdr, offset }) => scValJson(xdr, offset)),
    arguments_xdr: values.map((value) => value.toXdrBase64()),
    auth: Array.from(op.auth, authJson),
    sub_calls: subCalls(transaction) ?? null,
    return_value: successful ? returnValue(transaction) : null,
    successful,
    result_code: resultCodes(applied.result).trace,
    ledger_sequence: scope.sequence,
    closed_at: scope.closedAt,
  };
}

function returnValue({ meta }: LedgerTransaction): Json {
  const soroban = meta.v4?.sorobanMeta ?? meta.v3?.sorobanMeta ?? null;
  const value = soroban === null ? null : soroban.returnValue;
  return value === null ? null : scValJson(value.xdr, value.offset);
}

export const contractInvocations: ProcessorDefinition = {
  name: "contract-invocations",
  role: "processor",
  aliases: [
    "contract-invocation",
    "contract-invocation-processor",
    "ContractInvocation",
    "ContractInvocations",
  ],
  summary: "Calls of contracts: function, arguments, authorisations, sub-calls and return value.",
  configSchema,
  configJsonSchema,
  configAliases: {
    network: "network_passphrase",
    contract_id: "contract_ids",
    function: "functions",
    function_name: "functions",
  },
  accepts: [ledgerEvent.name],
  emits: [contractInvocationEvent.name],
  example: `id: calls
type: contract-invocations
inputs: [lake]
config:
  functions: [swap]
`,
  create: (context) => createContractInvocations(configOf<Config>(context)),
};
