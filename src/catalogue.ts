/** Every built-in component. A new component is one line here. */

import type { ComponentDefinition } from "./flow/component.ts";
import { externalProcessor, externalSink, externalSource } from "./foreign/definitions.ts";
import { appPaymentProcessor } from "./processors/app-payment.ts";
import { assets } from "./processors/assets/assets.ts";
import { contractEvents } from "./processors/contract-events/contract-events.ts";
import { contractInvocations } from "./processors/contract-invocations/contract-invocations.ts";
import { effects } from "./processors/effects/effects.ts";
import { accountData } from "./processors/entries/account-data.ts";
import { accounts } from "./processors/entries/accounts.ts";
import { claimableBalances } from "./processors/entries/claimable-balances.ts";
import { configSettings } from "./processors/entries/config-settings.ts";
import { contractCode } from "./processors/entries/contract-code.ts";
import { contractData } from "./processors/entries/contract-data.ts";
import { liquidityPools } from "./processors/entries/liquidity-pools.ts";
import { offers } from "./processors/entries/offers.ts";
import { restoredKeys } from "./processors/entries/restored-keys.ts";
import { signers } from "./processors/entries/signers.ts";
import { trustlines } from "./processors/entries/trustlines.ts";
import { ttl } from "./processors/entries/ttl.ts";
import { filter } from "./processors/filter/filter.ts";
import { largeTransactionDetector } from "./processors/large-transaction-detector.ts";
import { hubble } from "./processors/hubble/hubble.ts";
import { ledgers } from "./processors/ledgers.ts";
import { map } from "./processors/map/map.ts";
import { operations } from "./processors/operations/operations.ts";
import { payments } from "./processors/payments/payments.ts";
import { tokenTransfer } from "./processors/token-transfer/token-transfer.ts";
import { trades } from "./processors/trades/trades.ts";
import { transactions } from "./processors/transactions/transactions.ts";
import { csv } from "./sinks/csv.ts";
import { jsonl } from "./sinks/jsonl.ts";
import { parquet } from "./sinks/parquet/definition.ts";
import { postgres } from "./sinks/postgres/postgres.ts";
import { sqlite } from "./sinks/sqlite/sqlite.ts";
import { stdout } from "./sinks/stdout.ts";
import { webhook } from "./sinks/webhook/definition.ts";
import { captiveCore } from "./sources/captive-core/captive-core.ts";
import { galexie } from "./sources/galexie/galexie.ts";
import { sandbox } from "./sources/sandbox/sandbox.ts";
import { stellarRpc } from "./sources/stellar-rpc/stellar-rpc.ts";

export const catalogue: readonly ComponentDefinition[] = [
  galexie,
  stellarRpc,
  captiveCore,
  sandbox,
  tokenTransfer,
  contractEvents,
  ledgers,
  transactions,
  operations,
  effects,
  trades,
  payments,
  appPaymentProcessor,
  contractInvocations,
  largeTransactionDetector,
  assets,
  accounts,
  signers,
  trustlines,
  offers,
  claimableBalances,
  liquidityPools,
  contractData,
  contractCode,
  configSettings,
  ttl,
  restoredKeys,
  accountData,
  hubble,
  jsonl,
  csv,
  stdout,
  sqlite,
  postgres,
  parquet,
  webhook,
  filter,
  map,
];

/** Whatever a pipeline may consist of: the built-in components, and processes of any language. */
export const components: readonly ComponentDefinition[] = [
  ...catalogue,
  externalSource,
  externalProcessor,
  externalSink,
];
