/** The columns of a setting of the network that are whole numbers: 0 for those of other settings. */

import type { ConfigSettingEntryView } from "../../gen/xdr/config-setting-entry.ts";

export function settingColumns(setting: ConfigSettingEntryView): Record<string, bigint> {
  const compute = setting.contractCompute;
  const cost = setting.contractLedgerCost;
  const costExt = setting.contractLedgerCostExt;
  const history = setting.contractHistoricalData;
  const events = setting.contractEvents;
  const bandwidth = setting.contractBandwidth;
  const archival = setting.stateArchivalSettings;
  const lanes = setting.contractExecutionLanes;
  const parallel = setting.contractParallelCompute;
  const timing = setting.contractScpTiming;
  return {
    contract_max_size_bytes: BigInt(setting.contractMaxSizeBytes ?? 0),
    ledger_max_instructions: compute?.ledgerMaxInstructions ?? 0n,
    tx_max_instructions: compute?.txMaxInstructions ?? 0n,
    fee_rate_per_instructions_increment: compute?.feeRatePerInstructionsIncrement ?? 0n,
    tx_memory_limit: BigInt(compute?.txMemoryLimit ?? 0),
    ledger_max_read_ledger_entries: BigInt(cost?.ledgerMaxDiskReadEntries ?? 0),
    ledger_max_disk_read_entries: BigInt(cost?.ledgerMaxDiskReadEntries ?? 0),
    ledger_max_read_bytes: BigInt(cost?.ledgerMaxDiskReadBytes ?? 0),
    ledger_max_disk_read_bytes: BigInt(cost?.ledgerMaxDiskReadBytes ?? 0),
    ledger_max_write_ledger_entries: BigInt(cost?.ledgerMaxWriteLedgerEntries ?? 0),
    ledger_max_write_bytes: BigInt(cost?.ledgerMaxWriteBytes ?? 0),
    tx_max_read_ledger_entries: BigInt(cost?.txMaxDiskReadEntries ?? 0),
    tx_max_disk_read_entries: BigInt(cost?.txMaxDiskReadEntries ?? 0),
    tx_max_read_bytes: BigInt(cost?.txMaxDiskReadBytes ?? 0),
    tx_max_disk_read_bytes: BigInt(cost?.txMaxDiskReadBytes ?? 0),
    tx_max_write_ledger_entries: BigInt(cost?.txMaxWriteLedgerEntries ?? 0),
    tx_max_write_bytes: BigInt(cost?.txMaxWriteBytes ?? 0),
    tx_max_footprint_entries: BigInt(costExt?.txMaxFootprintEntries ?? 0),
    fee_read_ledger_entry: cost?.feeDiskReadLedgerEntry ?? 0n,
    fee_disk_read_ledger_entry: cost?.feeDiskReadLedgerEntry ?? 0n,
    fee_write_ledger_entry: cost?.feeWriteLedgerEntry ?? 0n,
    fee_read_1kb: cost?.feeDiskRead1Kb ?? 0n,
    fee_write_1kb: costExt?.feeWrite1Kb ?? 0n,
    fee_disk_read_1kb: cost?.feeDiskRead1Kb ?? 0n,
    bucket_list_target_size_bytes: cost?.sorobanStateTargetSizeBytes ?? 0n,
    soroban_state_target_size_bytes: cost?.sorobanStateTargetSizeBytes ?? 0n,
    write_fee_1kb_bucket_list_low: cost?.rentFee1KbSorobanStateSizeLow ?? 0n,
    rent_fee_1kb_soroban_state_size_low: cost?.rentFee1KbSorobanStateSizeLow ?? 0n,
    write_fee_1kb_bucket_list_high: cost?.rentFee1KbSorobanStateSizeHigh ?? 0n,
    rent_fee_1kb_soroban_state_size_high: cost?.rentFee1KbSorobanStateSizeHigh ?? 0n,
    bucket_list_write_fee_growth_factor: BigInt(cost?.sorobanStateRentFeeGrowthFactor ?? 0),
    soroban_state_rent_fee_growth_factor: BigInt(cost?.sorobanStateRentFeeGrowthFactor ?? 0),
    fee_historical_1kb: history?.feeHistorical1Kb ?? 0n,
    tx_max_contract_events_size_bytes: BigInt(events?.txMaxContractEventsSizeBytes ?? 0),
    fee_contract_events_1kb: events?.feeContractEvents1Kb ?? 0n,
    ledger_max_txs_size_bytes: BigInt(bandwidth?.ledgerMaxTxsSizeBytes ?? 0),
    tx_max_size_bytes: BigInt(bandwidth?.txMaxSizeBytes ?? 0),
    fee_tx_size_1kb: bandwidth?.feeTxSize1Kb ?? 0n,
    max_entry_ttl: BigInt(archival?.maxEntryTtl ?? 0),
    min_temporary_ttl: BigInt(archival?.minTemporaryTtl ?? 0),
    min_persistent_ttl: BigInt(archival?.minPersistentTtl ?? 0),
    persistent_rent_rate_denominator: archival?.persistentRentRateDenominator ?? 0n,
    temp_rent_rate_denominator: archival?.tempRentRateDenominator ?? 0n,
    max_entries_to_archive: BigInt(archival?.maxEntriesToArchive ?? 0),
    bucket_list_size_window_sample_size: BigInt(
      archival?.liveSorobanStateSizeWindowSampleSize ?? 0,
    ),
    live_soroban_state_size_window_sample_size: BigInt(
      archival?.liveSorobanStateSizeWindowSampleSize ?? 0,
    ),
    live_soroban_state_size_window_sample_period: BigInt(
      archival?.liveSorobanStateSizeWindowSamplePeriod ?? 0,
    ),
    eviction_scan_size: BigInt(archival?.evictionScanSize ?? 0),
    starting_eviction_scan_level: BigInt(archival?.startingEvictionScanLevel ?? 0),
    ledger_max_tx_count: BigInt(lanes?.ledgerMaxTxCount ?? 0),
    ledger_max_dependent_tx_clusters: BigInt(parallel?.ledgerMaxDependentTxClusters ?? 0),
    ledger_target_close_time_milliseconds: BigInt(timing?.ledgerTargetCloseTimeMilliseconds ?? 0),
    nomination_timeout_initial_milliseconds: BigInt(
      timing?.nominationTimeoutInitialMilliseconds ?? 0,
    ),
    nomination_timeout_increment_milliseconds: BigInt(
      timing?.nominationTimeoutIncrementMilliseconds ?? 0,
    ),
    ballot_timeout_initial_milliseconds: BigInt(timing?.ballotTimeoutInitialMilliseconds ?? 0),
    ballot_timeout_increment_milliseconds: BigInt(timing?.ballotTimeoutIncrementMilliseconds ?? 0),
    contract_data_key_size_bytes: BigInt(setting.contractDataKeySizeBytes ?? 0),
    contract_data_entry_size_bytes: BigInt(setting.contractDataEntrySizeBytes ?? 0),
  };
}
