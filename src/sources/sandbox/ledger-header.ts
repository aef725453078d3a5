/** The header that closes a ledger and chains it to the one before. */

import { xdr } from "@stellar/stellar-sdk";
import { concat, sha256, uint32, uint64 } from "./bytes.ts";
import type { Genesis } from "./genesis.ts";
import { BASE_RESERVE } from "./holdings.ts";
import type { Party } from "./party.ts";
import { BASE_FEE } from "./transaction.ts";

/** The protocol that the sandbox speaks. */
export const PROTOCOL_VERSION = 26;
const MAX_TX_SET_SIZE = 1000;
const ENVELOPE_TYPE_SCPVALUE = uint32(6);

type Header = xdr.LedgerHeaderWire;

export interface HashedHeader {
  readonly header: Header;
  readonly hash: Uint8Array;
}

export interface HeaderContent {
  readonly networkId: Uint8Array;
  readonly validator: Party;
  readonly closeTime: bigint;
  readonly txSetHash: Uint8Array;
  readonly txSetResultHash: Uint8Array;
  readonly fees: bigint;
  readonly offerIds: bigint;
}

function hashed(header: Header): HashedHeader {
  return { header, hash: sha256(xdr.LedgerHeader.schema.encode(header)) };
}

/** The header before the first ledger: everything that there is exists already. */
export function genesisHeader(ledgerSeq: number, genesis: Genesis, seed: Uint8Array): HashedHeader {
  const zero = new Uint8Array(32);
  return hashed({
    ledgerVersion: PROTOCOL_VERSION,
    previousLedgerHash: seed,
    scpValue: { txSetHash: zero, closeTime: 0n, upgrades: [], ext: { v: 0 } },
    txSetResultHash: zero,
    bucketListHash: seed,
    ledgerSeq,
    totalCoins: genesis.lumens,
    feePool: 0n,
    inflationSeq: 0,
    idPool: genesis.offerIds,
    baseFee: Number(BASE_FEE),
    baseReserve: BASE_RESERVE,
    maxTxSetSize: MAX_TX_SET_SIZE,
    skipList: [zero, zero, zero, zero],
    ext: { v: 0 },
  });
}

export function nextHeader(previous: HashedHeader, content: HeaderContent): HashedHeader {
  const { networkId, validator, closeTime, txSetHash, txSetResultHash } = content;
  const { header } = previous;
  const ledgerSeq = header.ledgerSeq + 1;
  // The real hash covers all entries; here one that follows from the history stands for it.
  const bucketListHash = sha256(header.bucketListHash, txSetResultHash);
  const signed = sha256(concat([networkId, ENVELOPE_TYPE_SCPVALUE, txSetHash, uint64(closeTime)]));
  return hashed({
    ...header,
    previousLedgerHash: previous.hash,
    scpValue: {
      txSetHash,
      closeTime,
      upgrades: [],
      ext: {
        v: 1,
        lcValueSignature: { nodeId: validator.accountId, signature: validator.sign(signed) },
      },
    },
    txSetResultHash,
    bucketListHash,
    ledgerSeq,
    feePool: header.feePool + content.fees,
    idPool: header.idPool + content.offerIds,
    skipList: skipList(header.skipList, ledgerSeq, bucketListHash),
  });
}

/** Hashes further and further back, moved along at these distances as core does. */
const SKIPS = [50, 5_000, 50_000, 500_000] as const;

function skipList(old: readonly Uint8Array[], ledgerSeq: number, hash: Uint8Array): Uint8Array[] {
  const list = [...old];
  if (ledgerSeq % SKIPS[0] !== 0) return list;
  let moved = 0;
  let at = ledgerSeq;
  for (let i = 0; i < SKIPS.length - 1; i++) {
    at -= SKIPS[i] ?? 0;
    if (at <= 0 || at % (SKIPS[i + 1] ?? 1) !== 0) break;
    moved++;
  }
  for (let i = moved; i > 0; i--) list[i] = list[i - 1] ?? hash;
  list[0] = hash;
  return list;
}
