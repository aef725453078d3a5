import { CLOSED_AT } from "./column.ts";
import { defineEventType } from "./event-type.ts";

/** The raw ledger: what every Stellar source emits, exactly one row a batch. */
export const ledgerEvent = defineEventType({
  name: "stellar.ledger.v1",
  aliases: [
    "stellar.ledger",
    "stellar_ledger_service.StellarLedger",
    "raw_ledger_service.RawLedgerChunk",
  ],
  table: "raw_ledgers",
  doc: "One closed ledger as the bytes of its LedgerCloseMeta XDR.",
  id: "event_id",
  columns: [
    {
      name: "event_id",
      type: "string",
      nullable: false,
      doc: "Network and ledger sequence: the same for the same ledger in any run.",
    },
    { name: "sequence", type: "int64", nullable: false, doc: "Ledger sequence." },
    {
      name: "ledger_close_meta_xdr",
      type: "bytes",
      nullable: false,
      doc: "The LedgerCloseMeta, XDR.",
    },
    { name: "network", type: "string", nullable: false, doc: "Network passphrase." },
    CLOSED_AT,
  ],
});
