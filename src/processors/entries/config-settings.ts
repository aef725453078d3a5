import { configSettingEvent } from "../../events/config-setting.ts";
import type { Json, Row } from "../../flow/batch.ts";
import { configJsonSchema, configSchema } from "../../gen/config/config-settings.ts";
import type { ContractCostParamEntryView } from "../../gen/xdr/contract-cost-param-entry.ts";
import { LedgerEntryType } from "../../gen/xdr/ledger-entry-type.ts";
import type { LedgerScope } from "../ledger-processor.ts";
import { changeColumns, type ChangedEntry } from "./changed-entry.ts";
import { type EntryTable, entryTable } from "./entry-table.ts";
import { settingColumns } from "./setting-columns.ts";

function addRows(rows: Row[], scope: LedgerScope, changed: ChangedEntry): void {
  const setting = changed.need(changed.entry.data.configSetting);
  const window = setting.liveSorobanStateSizeWindow?.toArray() ?? [];
  rows.push({
    event_id: changed.eventId,
    config_setting_id: setting.configSettingID,
    ...settingColumns(setting),
    contract_cost_params_cpu_insns: costsJson(setting.contractCostParamsCpuInsns ?? []),
    contract_cost_params_mem_bytes: costsJson(setting.contractCostParamsMemBytes ?? []),
    bucket_list_size_window: window,
    live_soroban_state_size_window: window,
    ...changeColumns(scope, changed),
  });
}

/** Keys and texts as Hubble has them. */
function costsJson(costs: Iterable<ContractCostParamEntryView>): Json {
  return Array.from(costs, ({ constTerm, linearTerm }) => ({
    ExtV: "0",
    ConstTerm: String(constTerm),
    LinearTerm: String(linearTerm),
  }));
}

export const configSettingsTable: EntryTable = {
  name: "config-settings",
  aliases: ["config-setting"],
  summary: "Settings of the network that changed: limits, fees and costs, as in Hubble.",
  event: configSettingEvent,
  entryType: LedgerEntryType.configSetting,
  addRows,
  configSchema,
  configJsonSchema,
};

export const configSettings = entryTable(configSettingsTable);
