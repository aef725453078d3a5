/** A transaction as it is signed: its envelope, its hash, and who pays how much. */

import { xdr } from "@stellar/stellar-sdk";
import { array, concat, sha256, uint32, uint64 } from "./bytes.ts";
import type { Operation } from "./operation.ts";
import type { Party } from "./party.ts";
import type { Memo } from "./token-events.ts";
import { muxedAccount } from "./wire.ts";

/** Stroops for each operation. */
export const BASE_FEE = 100n;

const ENVELOPE_TYPE_TX = uint32(2);
const ENVELOPE_TYPE_TX_FEE_BUMP = uint32(5);
const NO_EXTENSION = uint32(0);

/** What is to be signed. */
export interface Draft {
  readonly source: Party;
  /** Makes the source a muxed account. */
  readonly sourceMuxedId?: bigint | undefined;
  readonly seqNum: bigint;
  readonly memo: Memo;
  /** Unix seconds after which it is void; undefined: never. */
  readonly maxTime: bigint | undefined;
  readonly operations: readonly Operation[];
  /** Stroops offered for each operation, at least the base fee. */
  readonly bid: bigint;
  /** Who pays instead of the source, by a fee bump around the transaction. */
  readonly feeBump: Party | undefined;
}

export interface SignedTransaction extends Draft {
  /** TransactionEnvelope XDR. */
  readonly envelope: Uint8Array;
  /** Hash of the envelope with its signatures: what orders a transaction set. */
  readonly envelopeHash: Uint8Array;
  /** The transaction's hash (of the fee bump, if it is one). */
  readonly hash: Uint8Array;
  /** Hash of the transaction inside a fee bump. */
  readonly innerHash: Uint8Array | undefined;
  readonly feeSource: Party;
  /** Charged before anything is applied, stroops. */
  readonly feeCharged: bigint;
}

function wireOf(draft: Draft): xdr.TransactionWire {
  const { operations } = draft;
  const demand = operations[0]?.soroban;
  const bid = draft.bid * BigInt(operations.length);
  return {
    sourceAccount: muxedAccount(draft.source, draft.sourceMuxedId),
    fee: Number(bid + (demand?.resourceFee ?? 0n)),
    seqNum: draft.seqNum,
    cond: draft.maxTime === undefined
      ? { type: 0 }
      : { type: 1, timeBounds: { minTime: 0n, maxTime: draft.maxTime } },
    memo: draft.memo,
    operations: operations.map(({ source, body }) => ({
      sourceAccount: source === undefined ? null : muxedAccount(source),
      body,
    })),
    ext: demand === undefined ? { v: 0 } : {
      v: 1,
      sorobanData: {
        ext: { v: 0 },
        resources: demand.resources,
        resourceFee: demand.resourceFee,
      },
    },
  };
}

/** DecoratedSignatures. The last four bytes of the key say whose signature it is. */
function signatures(signers: readonly Party[], hash: Uint8Array): Uint8Array {
  return array(signers.map((signer) => {
    const signature = signer.sign(hash);
    return concat([signer.publicKey.slice(-4), uint32(signature.length), signature]);
  }));
}

export function signTransaction(draft: Draft, networkId: Uint8Array): SignedTransaction {
  const tx = xdr.Transaction.schema.encode(wireOf(draft));
  const innerHash = sha256(networkId, ENVELOPE_TYPE_TX, tx);
  const signers = new Set([draft.source]);
  for (const { source } of draft.operations) if (source !== undefined) signers.add(source);
  // Its type comes first: the form of an envelope, and of the transaction inside a fee bump.
  const inner = concat([ENVELOPE_TYPE_TX, tx, signatures([...signers], innerHash)]);

  const paid = draft.operations.length + (draft.feeBump === undefined ? 0 : 1);
  const resourceFee = draft.operations[0]?.soroban?.resourceFee ?? 0n;
  const feeCharged = BASE_FEE * BigInt(paid) + resourceFee;
  const { feeBump } = draft;
  if (feeBump === undefined) {
    const envelopeHash = sha256(inner);
    const feeSource = draft.source;
    const hash = innerHash;
    return {
      ...draft,
      envelope: inner,
      envelopeHash,
      hash,
      innerHash: undefined,
      feeSource,
      feeCharged,
    };
  }
  const bump = concat([
    xdr.MuxedAccount.schema.encode(muxedAccount(feeBump)),
    uint64(2n * draft.bid * BigInt(paid) + resourceFee),
    inner,
    NO_EXTENSION,
  ]);
  const hash = sha256(networkId, ENVELOPE_TYPE_TX_FEE_BUMP, bump);
  const envelope = concat([ENVELOPE_TYPE_TX_FEE_BUMP, bump, signatures([feeBump], hash)]);
  const envelopeHash = sha256(envelope);
  return { ...draft, envelope, envelopeHash, hash, innerHash, feeSource: feeBump, feeCharged };
}
