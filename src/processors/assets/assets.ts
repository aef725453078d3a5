import { assetEvent } from "../../events/asset.ts";
import { ledgerEvent } from "../../events/ledger.ts";
import type { Row } from "../../flow/batch.ts";
import { withGroups } from "../../flow/batch.ts";
import type { Processor, ProcessorDefinition, TwoSteps } from "../../flow/component.ts";
import { othersOf, processInSteps } from "../../flow/two-steps.ts";
import { configJsonSchema, configSchema } from "../../gen/config/assets.ts";
import type { Config } from "../../gen/config/assets.ts";
import type { OperationView } from "../../gen/xdr/operation.ts";
import { TransactionParts } from "../../stellar/envelope.ts";
import { type LedgerAsset, ledgerAsset } from "../../stellar/ledger-asset.ts";
import { networkTag } from "../../stellar/networks.ts";
import { envelopesOf } from "../../stellar/tx-set.ts";
import { configOf } from "../../flow/component-config.ts";
import { ledgerProcessor } from "../ledger-processor.ts";
import type { LedgerScope } from "../ledger-processor.ts";
import { groupsBytes } from "../row-bytes.ts";
import { SeenAssets } from "./seen-assets.ts";

export function createAssets(config: Config): Processor {
  const seen = new SeenAssets();
  const unsettled = new Set([assetEvent.name]);
  const { process } = ledgerProcessor((scope) => {
    const rows = assetsOf(scope).map((asset) => assetRow(scope, asset));
    return [{ type: assetEvent, rows }];
  }, config);
  const steps: TwoSteps = {
    unsettled,
    async prepare(batch) {
      const all = await process(batch);
      return { ...all, bytes: groupsBytes(othersOf(all, unsettled).groups) };
    },
    settle(all) {
      const groups = all.groups.map(({ type, rows }) => ({
        type,
        rows: rows.filter((row) => !seen.has(idOf(row))),
      }));
      seen.add(groups.flatMap(({ rows }) => rows.map(idOf)));
      return withGroups(all, groups, groupsBytes(groups));
    },
  };
  return {
    process: (batch) => processInSteps(steps, batch),
    steps,
    snapshot: () => seen.snapshot(),
    restore: (state) => seen.restore(state),
  };
}

/**
 * In the order in which the transactions were proposed, which is Hubble's here; whether or not they
 * succeeded.
 */
function assetsOf(scope: LedgerScope): LedgerAsset[] {
  const assets = new Map<bigint, LedgerAsset>();
  for (const envelope of envelopesOf(scope.ledger)) {
    for (const operation of new TransactionParts(envelope).operations) {
      const asset = assetOf(operation);
      if (asset !== undefined) assets.set(asset.id, asset);
    }
  }
  return [...assets.values()];
}

/** What a payment pays or an offer sells: Hubble looks at no others. */
function assetOf({ xdr, body }: OperationView): LedgerAsset | undefined {
  const { paymentOp, manageSellOfferOp } = body;
  const offset = paymentOp?.assetOffset ?? manageSellOfferOp?.sellingOffset;
  return offset === undefined ? undefined : ledgerAsset(xdr, offset);
}

function assetRow(scope: LedgerScope, { type, code, issuer, id }: LedgerAsset): Row {
  return {
    event_id: `${networkTag(scope.network)}-${id}`,
    asset_type: type,
    asset_code: code ?? "",
    asset_issuer: issuer ?? "",
    asset_id: id,
    closed_at: scope.closedAt,
    ledger_sequence: scope.sequence,
  };
}

function idOf({ asset_id }: Row): bigint {
  return asset_id as bigint;
}

export const assets: ProcessorDefinition = {
  name: "assets",
  role: "processor",
  aliases: ["asset"],
  summary: "Every asset that is paid or offered, at its first appearance, as in Hubble.",
  configSchema,
  configJsonSchema,
  configAliases: { network: "network_passphrase" },
  accepts: [ledgerEvent.name],
  emits: [assetEvent.name],
  holdsState: "local",
  localState: "the assets that it has seen",
  example: `id: assets
type: assets
inputs: [lake]
`,
  create: (context) => createAssets(configOf<Config>(context)),
};
