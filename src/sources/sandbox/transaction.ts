/** A transaction as it is signed: its envelope, its hash, and who pays how much. */

import { xdr } from "@stellar/stellar-sdk";
import { concat, sha256, uint32 } from "./bytes.ts";
import type { Operation } from "./operation.ts";
import type { Party } from "./party.ts";
import type { Memo } from "./token-events.ts";
import { muxedAccount } from "./wire.ts";

/** Stroops for each operation. */
export const BASE_FEE = 100n;

const ENVELOPE_TYPE_TX = uint32(2);
const ENVELOPE_TYPE_TX_FEE_BUMP = uint32(5);

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

/** The last four bytes of the key say whose signature it is. */
function signatures(signers: readonly Party[], hash: Uint8Array): xdr.DecoratedSignatureWire[] {
  return signers.map((signer) => ({
    hint: signer.publicKey.slice(-4),
    signature: signer.sign(hash),
  }));
}

export function signTransaction(draft: Draft, networkId: Uint8Array): SignedTransaction {
  const tx = wireOf(draft);
  const encoded = xdr.Transaction.schema.encode(tx);
  const innerHash = sha256(networkId, ENVELOPE_TYPE_TX, encoded);
  const signers = new Set([draft.source]);
  for (const { source } of draft.operations) if (source !== undefined) signers.add(source);
  const v1 = { tx, signatures: signatures([...signers], innerHash) };

  const paid = draft.operations.length + (draft.feeBump === undefined ? 0 : 1);
  const resourceFee = draft.operations[0]?.soroban?.resourceFee ?? 0n;
  const feeCharged = BASE_FEE * BigInt(paid) + resourceFee;

  if (draft.feeBump === undefined) {
    const envelope = concat([
      ENVELOPE_TYPE_TX,
      xdr.TransactionV1Envelope.schema.encode(v1),
    ]);
    return {
      ...draft,
      envelope,
      envelopeHash: sha256(envelope),
      hash: innerHash,
      innerHash: undefined,
      feeSource: draft.source,
      feeCharged,
    };
  }
  const bump: xdr.FeeBumpTransactionWire = {
    feeSource: muxedAccount(draft.feeBump),
    fee: 2n * draft.bid * BigInt(paid) + resourceFee,
    innerTx: { type: 2, v1 },
    ext: { v: 0 },
  };
  const hash = sha256(
    networkId,
    ENVELOPE_TYPE_TX_FEE_BUMP,
    xdr.FeeBumpTransaction.schema.encode(bump),
  );
  const envelope = concat([
    ENVELOPE_TYPE_TX_FEE_BUMP,
    xdr.FeeBumpTransactionEnvelope.schema.encode({
      tx: bump,
      signatures: signatures([draft.feeBump], hash),
    }),
  ]);
  return {
    ...draft,
    envelope,
    envelopeHash: sha256(envelope),
    hash,
    innerHash,
    feeSource: draft.feeBump,
    feeCharged,
  };
}
