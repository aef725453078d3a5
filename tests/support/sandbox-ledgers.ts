/** Sandbox ledgers for tests, decoded by the SDK: the oracle for what the sandbox encodes. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { xdr } from "@stellar/stellar-sdk";
import { type NetworkOptions, sandboxNetwork } from "../../src/sources/sandbox/network.ts";

export const OPTIONS: NetworkOptions = {
  passphrase: "sandbox test network",
  seed: "oracle",
  startLedger: 2,
  startTime_s: 1_767_225_600,
  closeInterval_s: 5,
  transactions: 40,
  sorobanShare: 0.3,
  failureShare: 0.12,
  accounts: 120,
};
const NETWORK_ID = sha256(Buffer.from(OPTIONS.passphrase));

export function sha256(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}

export interface Decoded {
  readonly bytes: Uint8Array;
  readonly ledger: xdr.LedgerCloseMetaV2Wire;
}

export function makeLedgers(count: number, options: Partial<NetworkOptions> = {}): Decoded[] {
  const network = sandboxNetwork({ ...OPTIONS, ...options });
  return Array.from({ length: count }, () => {
    const bytes = network.next().encode();
    const decoded = xdr.LedgerCloseMeta.schema.decode(bytes);
    assert.ok(decoded.v === 2);
    return { bytes, ledger: decoded.v2 };
  });
}

type Phase = xdr.TransactionPhaseWire;

export function envelopesOf({ v1TxSet }: xdr.GeneralizedTransactionSetWire) {
  return v1TxSet.phases.flatMap((phase: Phase) =>
    phase.v === 0
      ? phase.v0Components.flatMap(({ txsMaybeDiscountedFee }) => txsMaybeDiscountedFee.txs)
      : phase.parallelTxsComponent.executionStages.flat(2)
  );
}

export function signatureHash(envelope: xdr.TransactionEnvelopeWire): Buffer {
  if (envelope.type === 0) throw new Error("an envelope of version 0");
  const taggedTransaction = envelope.type === 2
    ? { type: 2, tx: envelope.v1.tx } as const
    : { type: 5, feeBump: envelope.feeBump.tx } as const;
  const payload = { networkId: NETWORK_ID, taggedTransaction };
  return sha256(xdr.TransactionSignaturePayload.schema.encode(payload));
}

export const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** The metas with their envelopes, in apply order. */
export function transactionsOf({ ledger }: Decoded) {
  const byHash = new Map(
    envelopesOf(ledger.txSet).map((envelope) => [hex(signatureHash(envelope)), envelope]),
  );
  return ledger.txProcessing.map((processing) => {
    const envelope = byHash.get(hex(processing.result.transactionHash));
    assert.ok(envelope !== undefined && envelope.type !== 0);
    assert.ok(processing.txApplyProcessing.v === 4);
    return { processing, envelope, meta: processing.txApplyProcessing.v4 };
  });
}
