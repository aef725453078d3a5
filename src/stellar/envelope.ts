/** A transaction's envelope: one shape for its three forms, and how it is found by its hash. */

import { createHash } from "node:crypto";
import type { DecoratedSignatureView } from "../gen/xdr/decorated-signature.ts";
import { EnvelopeType } from "../gen/xdr/envelope-type.ts";
import type { FeeBumpTransactionEnvelopeView } from "../gen/xdr/fee-bump-transaction-envelope.ts";
import type { MemoView } from "../gen/xdr/memo.ts";
import type { OperationView } from "../gen/xdr/operation.ts";
import type { PreconditionsV2View } from "../gen/xdr/preconditions-v2.ts";
import type { SorobanTransactionDataView } from "../gen/xdr/soroban-transaction-data.ts";
import type { TimeBoundsView } from "../gen/xdr/time-bounds.ts";
import type { TransactionEnvelopeView } from "../gen/xdr/transaction-envelope.ts";
import type { TransactionV0EnvelopeView } from "../gen/xdr/transaction-v0-envelope.ts";
import type { TransactionV0View } from "../gen/xdr/transaction-v0.ts";
import type { TransactionV1EnvelopeView } from "../gen/xdr/transaction-v1-envelope.ts";
import type { TransactionView } from "../gen/xdr/transaction.ts";
import { FlowctlError } from "../spec/errors.ts";
import { type MuxedAccount, muxedAccount } from "./address.ts";
import { addressOfKey } from "./address-cache.ts";
import type { Ledger } from "./ledger.ts";
import type { LedgerTransaction } from "./ledger-transaction.ts";
import { networkId } from "./networks.ts";
import { StrkeyVersion } from "./strkey.ts";
import { envelopesOf } from "./tx-set.ts";
import { malformed } from "./xdr/xdr-bytes.ts";
import type { ArrayView, XdrView } from "./xdr/xdr-view.ts";

/** The transaction of an envelope; of a fee bump, the one inside. */
export class TransactionParts {
  /** Source of the operations that name none. */
  readonly source: MuxedAccount;
  /** Who pays: the fee bump's source, or the transaction's. */
  readonly feeSource: MuxedAccount;
  /** Undefined: the envelope has another form. */
  readonly feeBump: FeeBumpTransactionEnvelopeView | undefined;
  readonly #envelope: TransactionV0EnvelopeView | TransactionV1EnvelopeView;
  readonly #tx: TransactionV0View | TransactionView;

  constructor(envelope: TransactionEnvelopeView) {
    const { xdr, v0, feeBump } = envelope;
    this.feeBump = feeBump;
    if (v0 !== undefined) {
      this.#envelope = v0;
      const tx = v0.tx;
      this.#tx = tx;
      const account = addressOfKey(xdr, tx.sourceAccountEd25519Offset, StrkeyVersion.account);
      this.source = { account, muxed: undefined, id: undefined };
      this.feeSource = this.source;
      return;
    }
    const inner = envelope.v1 ?? feeBump?.tx.innerTx.v1;
    if (inner === undefined) throw noTransaction(envelope);
    this.#envelope = inner;
    const { tx } = inner;
    this.#tx = tx;
    this.source = muxedAccount(xdr, tx.sourceAccountOffset);
    this.feeSource = feeBump === undefined
      ? this.source
      : muxedAccount(xdr, feeBump.tx.feeSourceOffset);
  }

  get seqNum(): bigint {
    return this.#tx.seqNum;
  }

  /** Most that it offers to pay, stroops; a fee bump has an offer of its own. */
  get fee(): number {
    return this.#tx.fee;
  }

  get memo(): MemoView {
    return this.#tx.memo;
  }

  get operations(): ArrayView<OperationView> {
    return this.#tx.operations;
  }

  get timeBounds(): TimeBoundsView | null {
    const tx = this.#tx;
    if ("timeBounds" in tx) return tx.timeBounds;
    return tx.cond.timeBounds ?? tx.cond.v2?.timeBounds ?? null;
  }

  /** Conditions beyond time bounds (CAP-21). */
  get preconditions(): PreconditionsV2View | undefined {
    return "cond" in this.#tx ? this.#tx.cond.v2 : undefined;
  }

  /** What a contract call, or a change of its entries' lifetime, asks for. */
  get sorobanData(): SorobanTransactionDataView | undefined {
    const { ext } = this.#tx;
    return "sorobanData" in ext ? ext.sorobanData : undefined;
  }

  /** Of the envelope as it was sent: a fee bump's own. */
  get signatures(): ArrayView<DecoratedSignatureView> {
    return (this.feeBump ?? this.#envelope).signatures;
  }
}

function noTransaction(envelope: TransactionEnvelopeView): FlowctlError {
  return malformed("TransactionEnvelope", envelope.offset, "no transaction");
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
  if (tx === undefined) throw noTransaction(envelope);
  return hash.update(int32(envelope.type)).update(tx.toXdr()).digest("hex");
}

interface EnvelopeIndex {
  readonly passphrase: string;
  readonly byHash: ReadonlyMap<string, TransactionEnvelopeView>;
}

const indexes = new WeakMap<Ledger, EnvelopeIndex>();

/**
 * The envelopes of a ledger by transaction hash: the set is in another order than the results.
 * Hashing them costs as much as everything else that a table needs: it is done only when needed,
 * and once for all who read the same ledger.
 */
export function indexEnvelopes(
  ledger: Ledger,
  passphrase: string,
): ReadonlyMap<string, TransactionEnvelopeView> {
  const known = indexes.get(ledger);
  if (known?.passphrase === passphrase) return known.byHash;
  const byHash = hashEnvelopes(ledger, passphrase);
  indexes.set(ledger, { passphrase, byHash });
  return byHash;
}

function hashEnvelopes(
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

/** Throws `xdr/malformed` when the set does not hold the transaction, as in the wrong network. */
export function envelopeOf(
  envelopes: ReadonlyMap<string, TransactionEnvelopeView>,
  { hash, pairOffset }: LedgerTransaction,
): TransactionEnvelopeView {
  const envelope = envelopes.get(hash);
  if (envelope !== undefined) return envelope;
  throw new FlowctlError(
    "xdr/malformed",
    `TransactionResultPair at byte ${pairOffset}: the set has no transaction of that hash`,
    { hint: "the ledger is damaged, or network_passphrase is that of another network" },
  );
}

function int32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value);
  return bytes;
}
