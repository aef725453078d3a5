/** A transaction's envelope: one shape for its three forms, and how it is found by its hash. */

import { createHash } from "node:crypto";
import { EnvelopeType } from "../gen/xdr/envelope-type.ts";
import type { MemoView } from "../gen/xdr/memo.ts";
import type { OperationView } from "../gen/xdr/operation.ts";
import type { TransactionEnvelopeView } from "../gen/xdr/transaction-envelope.ts";
import { type MuxedAccount, muxedAccount } from "./address.ts";
import { addressOfKey } from "./address-cache.ts";
import type { Ledger } from "./ledger.ts";
import { networkId } from "./networks.ts";
import { StrkeyVersion } from "./strkey.ts";
import { envelopesOf } from "./tx-set.ts";
import { malformed } from "./xdr/xdr-bytes.ts";
import type { ArrayView, XdrView } from "./xdr/xdr-view.ts";

export interface TransactionParts {
  /** Source of the operations that name none; of the transaction inside a fee bump. */
  readonly source: MuxedAccount;
  /** Who pays: the fee bump's source, or the transaction's. */
  readonly feeSource: MuxedAccount;
  readonly seqNum: bigint;
  readonly memo: MemoView;
  readonly operations: ArrayView<OperationView>;
  /** True when it carries Soroban data: a contract call, or a change of its entries' lifetime. */
  readonly soroban: boolean;
}

/** The transaction of an envelope; of a fee bump, the one inside. */
export function transactionParts(envelope: TransactionEnvelopeView): TransactionParts {
  const { xdr } = envelope;
  const old = envelope.v0?.tx;
  if (old !== undefined) {
    const account = addressOfKey(xdr, old.sourceAccountEd25519Offset, StrkeyVersion.account);
    const source = { account, muxed: undefined, id: undefined };
    const { seqNum, memo, operations } = old;
    return { source, feeSource: source, seqNum, memo, operations, soroban: false };
  }
  const bump = envelope.feeBump?.tx;
  const tx = (envelope.v1 ?? bump?.innerTx.v1)?.tx;
  if (tx === undefined) throw malformed("TransactionEnvelope", envelope.offset, "no transaction");
  const source = muxedAccount(xdr, tx.sourceAccountOffset);
  return {
    source,
    feeSource: bump === undefined ? source : muxedAccount(xdr, bump.feeSourceOffset),
    seqNum: tx.seqNum,
    memo: tx.memo,
    operations: tx.operations,
    soroban: tx.ext.v === 1,
  };
}

/** The hash by which a network knows a transaction, hex: SHA-256 of its TransactionSignaturePayload. */
export function transactionHash(envelope: TransactionEnvelopeView, network: Uint8Array): string {
  const hash = createHash("sha256").update(network);
  const old = envelope.v0?.tx;
  if (old !== undefined) {
    // The old form is hashed as the new one, whose source starts with the type of its key.
    return hash.update(int32(EnvelopeType.envelopeTypeTx)).update(int32(0)).update(old.toXdr())
      .digest("hex");
  }
  const tx: XdrView | undefined = envelope.v1?.tx ?? envelope.feeBump?.tx;
  if (tx === undefined) throw malformed("TransactionEnvelope", envelope.offset, "no transaction");
  return hash.update(int32(envelope.type)).update(tx.toXdr()).digest("hex");
}

/**
 * The envelopes of a ledger by transaction hash: the set is in another order than the results.
 * Hashing them costs as much as everything else that a table needs: build it only when needed.
 */
export function indexEnvelopes(
  ledger: Ledger,
  passphrase: string,
): ReadonlyMap<string, TransactionEnvelopeView> {
  const network = networkId(passphrase);
  const byHash = new Map<string, TransactionEnvelopeView>();
  for (const envelope of envelopesOf(ledger)) {
    byHash.set(transactionHash(envelope, network), envelope);
  }
  return byHash;
}

function int32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value);
  return bytes;
}
