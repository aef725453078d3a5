/** The tables that `hubble` gives, in its order. A new table is one line here. */

import type { ProcessorDefinition } from "../../flow/component.ts";
import { assets } from "../assets/assets.ts";
import { contractEvents } from "../contract-events/contract-events.ts";
import { effects } from "../effects/effects.ts";
import { accounts } from "../entries/accounts.ts";
import { claimableBalances } from "../entries/claimable-balances.ts";
import { configSettings } from "../entries/config-settings.ts";
import { contractCode } from "../entries/contract-code.ts";
import { contractData } from "../entries/contract-data.ts";
import { liquidityPools } from "../entries/liquidity-pools.ts";
import { offers } from "../entries/offers.ts";
import { restoredKeys } from "../entries/restored-keys.ts";
import { signers } from "../entries/signers.ts";
import { trustlines } from "../entries/trustlines.ts";
import { ttl } from "../entries/ttl.ts";
import { ledgers } from "../ledgers.ts";
import { operations } from "../operations/operations.ts";
import { tokenTransfer } from "../token-transfer/token-transfer.ts";
import { trades } from "../trades/trades.ts";
import { transactions } from "../transactions/transactions.ts";

export interface HubbleTable {
  readonly definition: ProcessorDefinition;
  /** What the table needs in its config to be as Hubble's. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Takes `changes`. */
  readonly ofEntries?: boolean;
}

export const hubbleTables: readonly HubbleTable[] = [
  { definition: ledgers },
  { definition: transactions },
  { definition: operations },
  { definition: effects },
  { definition: trades },
  { definition: tokenTransfer },
  { definition: contractEvents, config: { diagnostic_events: true } },
  { definition: assets },
  { definition: accounts, ofEntries: true },
  { definition: signers, ofEntries: true },
  { definition: trustlines, ofEntries: true },
  { definition: offers, ofEntries: true },
  { definition: claimableBalances, ofEntries: true },
  { definition: liquidityPools, ofEntries: true },
  { definition: contractData, ofEntries: true },
  { definition: contractCode, ofEntries: true },
  { definition: configSettings, ofEntries: true },
  { definition: ttl, ofEntries: true },
  { definition: restoredKeys, ofEntries: true },
];
