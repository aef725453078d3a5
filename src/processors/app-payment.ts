import { appPaymentEvent } from "../events/app-payment.ts";
import { ledgerEvent } from "../events/ledger.ts";
import { paymentEvent } from "../events/payment.ts";
import type { Row } from "../flow/batch.ts";
import { withGroups } from "../flow/batch.ts";
import type { Processor, ProcessorDefinition } from "../flow/component.ts";
import { configJsonSchema, configSchema } from "../gen/config/app-payment.ts";
import type { Config } from "../gen/config/app-payment.ts";
import { configOf } from "../flow/component-config.ts";
import { createPayments } from "./payments/payments.ts";

/** Reads the events of `payments`, or, from raw ledgers, the payments that pass its own filter. */
export function createAppPayment(config: Config): Processor {
  const extract = createPayments(config);
  return {
    async process(batch) {
      const isRaw = batch.groups.some(({ type }) => type.name === ledgerEvent.name);
      const made = isRaw ? await extract.process(batch) : batch;
      const payments = made.groups.filter(({ type }) => type.name === paymentEvent.name);
      const rows = payments.flatMap((group) => group.rows.map(appPayment));
      const { setAside } = made;
      const output = withGroups(batch, [{ type: appPaymentEvent, rows }], made.bytes);
      return setAside === undefined ? output : { ...output, setAside };
    },
  };
}

function appPayment(row: Row): Row {
  return {
    event_id: row["event_id"] ?? null,
    timestamp: row["closed_at"] ?? null,
    buyer_account_id: row["from"] ?? null,
    seller_account_id: row["to"] ?? null,
    asset_code: row["asset"] ?? null,
    amount: row["amount"] ?? null,
    type: row["type"] ?? null,
    memo: row["memo"] ?? null,
    ledger_sequence: row["ledger_sequence"] ?? null,
    transaction_hash: row["transaction_hash"] ?? null,
  };
}

export const appPaymentProcessor: ProcessorDefinition = {
  name: "app-payment",
  role: "processor",
  aliases: ["TransformToAppPayment", "transform-to-app-payment", "app-payments"],
  summary: "Payments as an application sees them: buyer, seller, asset, amount and memo.",
  configSchema,
  configJsonSchema,
  configAliases: {
    network: "network_passphrase",
    asset: "assets",
    asset_code: "assets",
    account: "accounts",
    memo: "memos",
  },
  accepts: [ledgerEvent.name, paymentEvent.name],
  emits: [appPaymentEvent.name],
  example: `id: sales
type: app-payment
inputs: [lake]
config:
  min_amount: 1
`,
  create: (context) => createAppPayment(configOf<Config>(context)),
};
