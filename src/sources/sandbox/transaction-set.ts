/** The generalized transaction set (CAP-42, CAP-63): what was agreed on, and in which order it runs. */

import { array, compareBytes, concat, sha256, uint32, uint64, xor } from "./bytes.ts";
import { BASE_FEE, type SignedTransaction } from "./transaction.ts";

/** Contract calls of one stage run in parallel, so clusters of one stage never meet in an entry. */
const CLUSTERS_PER_STAGE = 8;

export interface TransactionSet {
  /** GeneralizedTransactionSet XDR. */
  readonly encoded: Uint8Array;
  readonly hash: Uint8Array;
  readonly applyOrder: readonly SignedTransaction[];
}

type Cluster = readonly SignedTransaction[];

export function transactionSet(
  previousLedgerHash: Uint8Array,
  transactions: readonly SignedTransaction[],
): TransactionSet {
  const sorted = [...transactions].sort((a, b) => compareBytes(a.envelopeHash, b.envelopeHash));
  const isCall = ({ operations }: SignedTransaction) => operations[0]?.soroban !== undefined;
  const classic = sorted.filter((transaction) => !isCall(transaction));
  const stages = stagesOf(clustersOf(sorted.filter(isCall)));

  const encoded = concat([
    uint32(1),
    previousLedgerHash,
    array([classicPhase(classic), parallelPhase(stages)]),
  ]);
  const hash = sha256(encoded);
  return { encoded, hash, applyOrder: [...classicApplyOrder(classic, hash), ...stages.flat(2)] };
}

/** With one transaction per account, the order is that of the hashes, shuffled by the set's own. */
function classicApplyOrder(classic: Cluster, setHash: Uint8Array): SignedTransaction[] {
  return classic
    .map((transaction) => ({ transaction, rank: xor(transaction.envelopeHash, setHash) }))
    .sort((a, b) => compareBytes(a.rank, b.rank))
    .map(({ transaction }) => transaction);
}

const envelopes = (transactions: Cluster) => array(transactions.map(({ envelope }) => envelope));
const baseFee = concat([uint32(1), uint64(BASE_FEE)]);

function classicPhase(transactions: Cluster): Uint8Array {
  const components = transactions.length === 0
    ? []
    : [concat([uint32(0), baseFee, envelopes(transactions)])];
  return concat([uint32(0), array(components)]);
}

function parallelPhase(stages: readonly (readonly Cluster[])[]): Uint8Array {
  return concat([
    uint32(1),
    baseFee,
    array(stages.map((clusters) => array(clusters.map(envelopes)))),
  ]);
}

/** Calls that write the same entry belong into one cluster; what writes none of them does not. */
function clustersOf(calls: Cluster): Cluster[] {
  const clusterOf = new Map<string, SignedTransaction[]>();
  const clusters = new Set<SignedTransaction[]>();
  for (const call of calls) {
    const keys = call.operations[0]?.soroban?.writes ?? [];
    const met = new Set<SignedTransaction[]>();
    for (const key of keys) {
      const cluster = clusterOf.get(key);
      if (cluster !== undefined) met.add(cluster);
    }
    const [first = [], ...others] = met;
    for (const other of others) {
      first.push(...other);
      clusters.delete(other);
      for (const [key, cluster] of clusterOf) if (cluster === other) clusterOf.set(key, first);
    }
    first.push(call);
    clusters.add(first);
    for (const key of keys) clusterOf.set(key, first);
  }
  const byHash = (a: SignedTransaction, b: SignedTransaction) =>
    compareBytes(a.envelopeHash, b.envelopeHash);
  return [...clusters]
    .map((cluster) => cluster.sort(byHash))
    .sort(([a], [b]) => a === undefined || b === undefined ? 0 : byHash(a, b));
}

function stagesOf(clusters: readonly Cluster[]): Cluster[][] {
  const stages: Cluster[][] = [];
  for (let i = 0; i < clusters.length; i += CLUSTERS_PER_STAGE) {
    stages.push(clusters.slice(i, i + CLUSTERS_PER_STAGE));
  }
  return stages;
}
