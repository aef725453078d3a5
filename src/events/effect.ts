import { CLOSED_AT, eventId, LEDGER_SEQUENCE, OPERATION_ID } from "./column.ts";
import { defineEventType } from "./event-type.ts";

/** Effects; columns as in Hubble's `history_effects`. */
export const effectEvent = defineEventType({
  name: "stellar.effect.v1",
  aliases: ["stellar.effect"],
  table: "effects",
  doc: "A change that an operation made to an account, a trustline, an offer or a pool.",
  id: "event_id",
  columns: [
    eventId("ledger, transaction, operation and place of the effect"),
    { name: "address", type: "string", nullable: false, doc: "Account that it is an effect on." },
    {
      name: "address_muxed",
      type: "string",
      nullable: true,
      doc: "That account with its id, as an M address.",
    },
    OPERATION_ID,
    {
      name: "details",
      type: "json",
      nullable: false,
      doc: "What changed; its keys depend on the type.",
    },
    { name: "type", type: "int32", nullable: false, doc: "Horizon's number of the type." },
    {
      name: "type_string",
      type: "string",
      nullable: false,
      doc: "Type as a name: `account_credited`, `trade`.",
    },
    CLOSED_AT,
    LEDGER_SEQUENCE,
    { name: "index", type: "int32", nullable: false, doc: "Place within the operation, from 0." },
    {
      name: "id",
      type: "string",
      nullable: false,
      doc: "Id of the operation and place of the effect, joined by a dash.",
    },
  ],
});
