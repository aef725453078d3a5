/** Every event type that flowctl has a schema for, by name and alias. */

import type { EventTypeNames } from "../spec/event-fit.ts";
import { accountEvent } from "./account.ts";
import { accountDataEvent } from "./account-data.ts";
import { assetEvent } from "./asset.ts";
import { claimableBalanceEvent } from "./claimable-balance.ts";
import { configSettingEvent } from "./config-setting.ts";
import { contractCodeEvent } from "./contract-code.ts";
import { contractDataEvent } from "./contract-data.ts";
import { liquidityPoolEvent } from "./liquidity-pool.ts";
import { offerEvent } from "./offer.ts";
import { restoredKeyEvent } from "./restored-key.ts";
import { signerEvent } from "./signer.ts";
import { trustlineEvent } from "./trustline.ts";
import { ttlEvent } from "./ttl.ts";
import { appPaymentEvent } from "./app-payment.ts";
import { contractEvent } from "./contract-event.ts";
import { contractInvocationEvent } from "./contract-invocation.ts";
import { effectEvent } from "./effect.ts";
import type { EventType } from "./event-type.ts";
import { largeTransactionEvent } from "./large-transaction.ts";
import { ledgerHeaderEvent } from "./ledger-header.ts";
import { ledgerEvent } from "./ledger.ts";
import { operationEvent } from "./operation.ts";
import { paymentEvent } from "./payment.ts";
import { tokenTransferEvent } from "./token-transfer.ts";
import { tradeEvent } from "./trade.ts";
import { transactionEvent } from "./transaction.ts";

export const eventTypes: readonly EventType[] = [
  ledgerEvent,
  ledgerHeaderEvent,
  tokenTransferEvent,
  contractEvent,
  transactionEvent,
  operationEvent,
  effectEvent,
  tradeEvent,
  paymentEvent,
  appPaymentEvent,
  contractInvocationEvent,
  largeTransactionEvent,
  assetEvent,
  accountEvent,
  signerEvent,
  trustlineEvent,
  offerEvent,
  claimableBalanceEvent,
  liquidityPoolEvent,
  contractDataEvent,
  contractCodeEvent,
  configSettingEvent,
  ttlEvent,
  restoredKeyEvent,
  accountDataEvent,
];

const byName = new Map<string, EventType>();
for (const type of eventTypes) {
  for (const name of [type.name, ...type.aliases]) byName.set(name.toLowerCase(), type);
}

/** The event type of that name or alias, without regard to case; undefined: not one of ours. */
export function eventTypeByName(name: string): EventType | undefined {
  return byName.get(name.toLowerCase());
}

/** The event types of these names; none at all when one of them is not one of ours. */
export function knownTypes(names: readonly string[]): readonly EventType[] {
  const types = names.map(eventTypeByName);
  return types.every((type) => type !== undefined) ? types : [];
}

/** The names by which a pipeline file may call them. */
export const eventTypeNames: EventTypeNames = {
  canonical: (name) => eventTypeByName(name)?.name,
  names: eventTypes.map(({ name }) => name),
};
