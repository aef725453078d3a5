/** The sandbox's network: a chain of ledgers that follows from its options alone. */

import { xdr } from "@stellar/stellar-sdk";
import { type AppliedTransaction, applyTransactions } from "./apply.ts";
import { array, concat, sha256, uint32, uint64, utf8 } from "./bytes.ts";
import { populate } from "./genesis.ts";
import { genesisHeader, type HashedHeader, nextHeader } from "./ledger-header.ts";
import { ledgerState } from "./ledger-state.ts";
import { random } from "./random.ts";
import { planLedger } from "./scenario.ts";
import { signTransaction } from "./transaction.ts";
import { encodeTransactionMeta } from "./transaction-meta.ts";
import { type TransactionSet, transactionSet } from "./transaction-set.ts";
import { createWorld } from "./world.ts";

export interface NetworkOptions {
  /** Network passphrase. */
  readonly passphrase: string;
  /** Same seed and same other options: the same ledgers, byte for byte, everywhere. */
  readonly seed: string;
  /** Sequence of the first ledger. */
  readonly startLedger: number;
  /** Close time of the first ledger, Unix seconds. */
  readonly startTime_s: number;
  /** Between the close times of two ledgers, seconds. */
  readonly closeInterval_s: number;
  /** Transactions in every ledger. */
  readonly transactions: number;
  /** Share of them that call contracts, 0 to 1. */
  readonly sorobanShare: number;
  /** Share of them that are made to fail, 0 to 1. */
  readonly failureShare: number;
  /** Accounts that send transactions. */
  readonly accounts: number;
}

export interface SandboxLedger {
  readonly sequence: number;
  readonly hash: Uint8Array;
  /** The LedgerCloseMeta, XDR; it is made when asked for, so that skipping ledgers is cheap. */
  encode(): Uint8Array;
}

export interface SandboxNetwork {
  /** Closes the next ledger. */
  next(): SandboxLedger;
}

export function sandboxNetwork(options: NetworkOptions): SandboxNetwork {
  const networkId = sha256(utf8(options.passphrase));
  const world = createWorld(options.seed, networkId, options.accounts);
  const state = ledgerState();
  state.startLedger(options.startLedger - 1, 0n);
  const genesis = populate(world, state, options.seed);
  const birth = sha256(utf8(`flowctl sandbox/${JSON.stringify(options)}`));
  let last: HashedHeader = genesisHeader(options.startLedger - 1, genesis, birth);

  return {
    next() {
      const sequence = last.header.ledgerSeq + 1;
      const age = BigInt(sequence - options.startLedger) * BigInt(options.closeInterval_s);
      const closeTime = BigInt(options.startTime_s) + age;
      state.startLedger(sequence, closeTime);
      const drafts = planLedger(world, state, random(options.seed, sequence), options);
      const signed = drafts.map((draft) => signTransaction(draft, networkId));
      const set = transactionSet(last.hash, signed);
      const firstOfferId = last.header.idPool + 1n;
      let offerIds = 0n;
      const { transactions, fees } = applyTransactions(set.applyOrder, {
        state,
        native: world.native,
        nextOfferId: () => firstOfferId + offerIds++,
      });
      last = nextHeader(last, {
        networkId,
        validator: world.validator,
        closeTime,
        txSetHash: set.hash,
        txSetResultHash: sha256(array(transactions.map(({ result }) => result))),
        fees,
        offerIds,
      });
      const header = last;
      return { sequence, hash: header.hash, encode: () => encodeLedger(header, set, transactions) };
    },
  };
}

const META_V2 = uint32(2);
const META_EXTENSION_V1 = concat([uint32(1), uint32(0)]);
const SOROBAN_FEE_PER_WRITTEN_KB = 1000n;
const LIVE_SOROBAN_STATE_BYTES = 1_000_000_000n;

function encodeLedger(
  header: HashedHeader,
  set: TransactionSet,
  transactions: readonly AppliedTransaction[],
): Uint8Array {
  const nothing = array([]);
  return concat([
    META_V2,
    META_EXTENSION_V1,
    uint64(SOROBAN_FEE_PER_WRITTEN_KB),
    xdr.LedgerHeaderHistoryEntry.schema.encode({ ...header, ext: { v: 0 } }),
    set.encoded,
    array(transactions.map(encodeTransactionMeta)),
    /* upgradesProcessing */ nothing,
    /* scpInfo */ nothing,
    uint64(LIVE_SOROBAN_STATE_BYTES),
    /* evictedKeys */ nothing,
  ]);
}
