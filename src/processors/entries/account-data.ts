import { accountDataEvent } from "../../events/account-data.ts";
import { ledgerEvent } from "../../events/ledger.ts";
import type { Json, Row } from "../../flow/batch.ts";
import type { Processor, ProcessorDefinition } from "../../flow/component.ts";
import { configJsonSchema, configSchema } from "../../gen/config/account-data.ts";
import type { Config } from "../../gen/config/account-data.ts";
import type { AccountEntryView } from "../../gen/xdr/account-entry.ts";
import { LedgerEntryType } from "../../gen/xdr/ledger-entry-type.ts";
import { signerSponsors } from "../../stellar/account-signers.ts";
import { accountAddress } from "../../stellar/address.ts";
import { decodeStrkey, StrkeyVersion } from "../../stellar/strkey.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { configOf } from "../../flow/component-config.ts";
import { accountState } from "./accounts.ts";
import { changeColumns } from "./changed-entry.ts";
import { createEntryTable } from "./entry-table.ts";
import { allSigners } from "./signers.ts";

export function createAccountData(config: Config): Processor {
  const wanted = new Set(config.accounts.map(checkedAccount));
  return createEntryTable({
    event: accountDataEvent,
    entryType: LedgerEntryType.account,
    addRows(rows, scope, changed) {
      const account = changed.need(changed.entry.data.account);
      const address = accountAddress(account.xdr, account.accountIdOffset);
      if (wanted.size > 0 && !wanted.has(address)) return;
      const row: Row = {
        event_id: changed.eventId,
        ...accountState(changed),
        signers: signersJson(account, address),
        ...changeColumns(scope, changed),
      };
      rows.push(row);
    },
  }, config);
}

/** Throws `spec/invalid` when it is no account's address. */
function checkedAccount(id: string): string {
  const address = id.trim();
  if (decodeStrkey(StrkeyVersion.account, address) !== undefined) return address;
  throw new FlowctlError("spec/invalid", `accounts: ${address} is no account's address`, {
    hint: "an account's address starts with G and has 56 letters and digits",
  });
}

function signersJson(account: AccountEntryView, address: string): Json {
  const sponsors = signerSponsors(account);
  return Array.from(allSigners(account, address), ([signer, weight]) => ({
    signer,
    weight,
    sponsor: sponsors.get(signer) ?? null,
  }));
}

export const accountData: ProcessorDefinition = {
  name: "account-data",
  role: "processor",
  aliases: ["AccountData", "ProcessAccountData", "account-data-processor"],
  summary: "State of every account that changed, with its signers in the same row.",
  configSchema,
  configJsonSchema,
  configAliases: { network: "network_passphrase", account_ids: "accounts" },
  accepts: [ledgerEvent.name],
  emits: [accountDataEvent.name],
  example: `id: treasury
type: account-data
inputs: [lake]
config:
  accounts: [GA5ZSEJYB37JRC5AVCIA5MOP4RHTM335X2KGX3IHOJAPP5RE34K4KZVN]
`,
  create: (context) => createAccountData(configOf<Config>(context)),
};
