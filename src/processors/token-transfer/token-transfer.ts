import { tokenTransferEvent } from "../../events/token-transfer.ts";
import { ledgerEvent } from "../../events/ledger.ts";
import type { Row } from "../../flow/batch.ts";
import type { Processor, ProcessorDefinition } from "../../flow/component.ts";
import { configJsonSchema, configSchema } from "../../gen/config/token-transfer.ts";
import type { Config } from "../../gen/config/token-transfer.ts";
import { FlowctlError } from "../../spec/errors.ts";
import type { AssetBook } from "../../stellar/asset.ts";
import { createAssetBook } from "../../stellar/asset.ts";
import { configOf } from "../config.ts";
import { ledgerProcessor } from "../ledger-processor.ts";
import type { LedgerScope } from "../ledger-processor.ts";
import { unifiedTransfers } from "./unified.ts";

/** Throws `ledger/no-unified-events` for a ledger whose transfers would have to be derived. */
export function createTokenTransfer(config: Config): Processor {
  const books = new Map<string, AssetBook>();
  const bookOf = (network: string): AssetBook => {
    let book = books.get(network);
    if (book === undefined) books.set(network, book = createAssetBook(network));
    return book;
  };
  return ledgerProcessor((scope) => {
    const rows = config.transfers_from === "derived"
      ? derivedTransfers(scope)
      : rowsOf(scope, bookOf(scope.network));
    return [{ type: tokenTransferEvent, rows }];
  }, config.network_passphrase);
}

function rowsOf(scope: LedgerScope, assets: AssetBook): readonly Row[] {
  const { rows, fees, charged } = unifiedTransfers(scope, assets);
  return charged && fees === 0 ? derivedTransfers(scope) : rows;
}

function derivedTransfers({ ledger }: LedgerScope): readonly Row[] {
  throw new FlowctlError(
    "ledger/no-unified-events",
    `ledger ${ledger.sequence} carries no unified events, and transfers cannot be derived from ` +
      "operations yet",
    {
      hint: "read a lake whose meta has unified events (CAP-67); public ones have been back-filled",
    },
  );
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
