import { tokenTransferEvent } from "../../events/token-transfer.ts";
import { ledgerEvent } from "../../events/ledger.ts";
import type { Row } from "../../flow/batch.ts";
import type { Processor, ProcessorDefinition } from "../../flow/component.ts";
import { configJsonSchema, configSchema } from "../../gen/config/token-transfer.ts";
import type { Config } from "../../gen/config/token-transfer.ts";
import { FlowctlError } from "../../spec/errors.ts";
import type { AssetBook } from "../../stellar/asset.ts";
import { assetBookOf } from "../../stellar/asset.ts";
import { deriveTransfers } from "../../stellar/derive/transfers.ts";
import { configOf } from "../../flow/component-config.ts";
import { ledgerProcessor } from "../ledger-processor.ts";
import type { LedgerScope } from "../ledger-processor.ts";
import { transferRow } from "./transfer-row.ts";
import { unifiedTransfers } from "./unified.ts";

export function createTokenTransfer(config: Config): Processor {
  return ledgerProcessor((scope) => {
    const rows = rowsOf(scope, assetBookOf(scope.network), config.transfers_from);
    return [{ type: tokenTransferEvent, rows }];
  }, config);
}

/** Throws `ledger/no-unified-events` when only unified events are wanted and there are none. */
function rowsOf(
  scope: LedgerScope,
  assets: AssetBook,
  from: Config["transfers_from"],
): readonly Row[] {
  if (from === "derived") return derivedTransfers(scope, assets);
  const { rows, fees, charged } = unifiedTransfers(scope, assets);
  if (!charged || fees > 0) return rows;
  if (from === "auto") return derivedTransfers(scope, assets);
  throw new FlowctlError(
    "ledger/no-unified-events",
    `ledger ${scope.ledger.sequence} charged fees but carries no unified events`,
    { hint: "set transfers_from to auto, which derives transfers where events are missing" },
  );
}

function derivedTransfers(scope: LedgerScope, assets: AssetBook): readonly Row[] {
  const { ledger, network } = scope;
  const derived = deriveTransfers(ledger, scope.transactions(), network, assets);
  return derived.map(({ transaction, operation, index, transfer }) => {
    const place = `${transaction.index}-${operation === undefined ? "t" : `${operation}-`}${index}`;
    return transferRow(scope, transaction, operation, place, transfer);
  });
}

export const tokenTransfer: ProcessorDefinition = {
  name: "token-transfer",
  role: "processor",
  aliases: [
    "ttp-processor",
    "ttp-arrow-processor",
    "ttp_processor",
    "token-transfers",
    "token-transfer-processor",
    "TokenTransfer",
    "TokenTransferProcessor",
  ],
  summary: "Transfers, mints, burns, clawbacks and fees of every token, as in Hubble.",
  configSchema,
  configJsonSchema,
  configAliases: { network: "network_passphrase" },
  accepts: [ledgerEvent.name],
  emits: [tokenTransferEvent.name],
  example: `id: transfers
type: token-transfer
inputs: [lake]
`,
  create: (context) => createTokenTransfer(configOf<Config>(context)),
};
