import assert from "node:assert/strict";
import { test } from "node:test";
import { Address, xdr } from "@stellar/stellar-sdk";
import type { Row } from "../src/flow/batch.ts";
import { createContractInvocations } from "../src/processors/contract-invocations/contract-invocations.ts";
import { type GoldenRow, goldenRows, rowsOf } from "./support/golden.ts";
import { captiveCore, pubnetLake, singleAndClassic } from "./support/ledgers.ts";
import { skip, why } from "./support/shared.ts";

const ALL = { contract_ids: [], functions: [] };

const folders = {
  "pubnet-lake": pubnetLake,
  "single-and-classic": singleAndClassic,
  "captive-core": () => captiveCore().slice(0, 10),
};

interface Details {
  readonly type: string;
  readonly contract_id: string;
  readonly parameters_json: readonly string[];
  readonly parameters_json_decoded: readonly { readonly symbol?: string }[];
}

const detailsOf = (row: GoldenRow) => row["details"] as Details;

for (const [folder, ledgers] of Object.entries(folders)) {
  test(`invocations of ${folder} are those in Hubble's operations${why}`, { skip }, async () => {
    const rows = await rowsOf(createContractInvocations(ALL), ledgers());
    const golden = goldenRows(folder, "operations").filter((row) =>
      detailsOf(row).type === "invoke_contract"
    );
    assert.equal(rows.length, golden.length);
    for (const [index, expected] of golden.entries()) {
      const row = rows[index];
      assert.ok(row);
      const { contract_id, parameters_json, parameters_json_decoded } = detailsOf(expected);
      assert.equal(Number(row["operation_id"]), Number(expected["id"]));
      assert.equal(row["source_account"], expected["source_account"]);
      assert.equal(row["contract_id"], contract_id);
      assert.equal(row["function"], parameters_json_decoded[1]?.symbol);
      assert.deepEqual(row["arguments"], parameters_json_decoded.slice(2));
      assert.deepEqual(row["arguments_xdr"], parameters_json.slice(2));
      assert.equal(row["result_code"], expected["operation_trace_code"]);
    }
  });
}

interface SubCall {
  readonly contract_id: string;
  readonly function: string;
  readonly sub_calls: readonly SubCall[];
}

/** Caller, callee and function of each call in the tree, in the order of the calls. */
function callsOf(caller: string, calls: readonly SubCall[]): string[] {
  return calls.flatMap((call) => [
    `${caller} ${call.contract_id} ${call.function}`,
    ...callsOf(call.contract_id, call.sub_calls),
  ]);
}

/** The same from the diagnostic events, by a full decode of the transaction's meta. */
function recordedCalls(meta: xdr.TransactionMeta): string[] {
  const calls: string[] = [];
  if (meta.type !== "v4") return calls;
  for (const { event } of meta.v4.diagnosticEvents) {
    const { topics } = event.body.v0;
    const [name, contract, callee] = topics;
    if (name?.type !== "scvSymbol") continue;
    if (name.sym.toString() !== "fn_call") continue;
    assert.ok(contract?.type === "scvBytes" && callee?.type === "scvSymbol");
    const caller = event.contractId === null
      ? "host"
      : Address.contract(event.contractId.value).toString();
    calls.push(`${caller} ${Address.contract(contract.bytes.value)} ${callee.sym}`);
  }
  return calls;
}

test(`sub-calls are the tree that core recorded${why}`, { skip }, async () => {
  const processor = createContractInvocations(ALL);
  let nested = 0;
  for (const ledger of pubnetLake()) {
    const byHash = new Map<unknown, Row>();
    for (const row of await rowsOf(processor, [ledger])) byHash.set(row["transaction_hash"], row);
    const close = xdr.LedgerCloseMeta.fromXdr(ledger.bytes);
    assert.ok(close.type === "v2");
    for (const { result, txApplyProcessing } of close.v2.txProcessing) {
      const row = byHash.get(Buffer.from(result.transactionHash.value).toString("hex"));
      const calls = recordedCalls(txApplyProcessing);
      if (row === undefined || calls.length === 0) continue;
      const root = `host ${row["contract_id"]} ${row["function"]}`;
      const tree = callsOf(String(row["contract_id"]), row["sub_calls"] as unknown as SubCall[]);
      assert.deepEqual([root, ...tree], calls);
      nested += tree.length;
    }
  }
  assert.ok(nested > 50, `${nested} sub-calls`);
});

test(`authorisations are what the envelopes hold${why}`, { skip }, async () => {
  const rows = await rowsOf(createContractInvocations(ALL), pubnetLake());
  const auth = rows.flatMap((row) => row["auth"] as { credentials: { type: string } }[]);
  const types = new Set(auth.map(({ credentials }) => credentials.type));
  assert.deepEqual([...types].sort(), ["address", "source_account"]);
  assert.ok(rows.some((row) => row["return_value"] !== null));
  for (const row of rows) if (row["successful"] === false) assert.equal(row["return_value"], null);
});

test(`invocations are kept by contract and function${why}`, { skip }, async () => {
  const all = await rowsOf(createContractInvocations(ALL), pubnetLake());
  const { contract_id, function: name } = all[0] ?? {};
  const config = { contract_ids: [String(contract_id)], functions: [String(name)] };
  const kept = await rowsOf(createContractInvocations(config), pubnetLake());
  assert.ok(kept.length > 0 && kept.length < all.length);
  assert.deepEqual(
    kept,
    all.filter((row) => row["contract_id"] === contract_id && row["function"] === name),
  );
  assert.throws(() => createContractInvocations({ ...ALL, contract_ids: ["C"] }), {
    code: "spec/invalid",
  });
});
