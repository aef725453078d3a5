import { defineEventType } from "./event-type.ts";
import type { EventType } from "./event-type.ts";

/**
 * An event of a type that flowctl has no schema for. It travels as it came and a sink writes it as
 * a row of these columns, so nothing that a foreign component sends is dropped.
 */
export function opaqueEventType(name: string): EventType {
  return defineEventType({
    name,
    aliases: [],
    table: name.toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "") || "events",
    doc: `Events of type ${name}, which has no schema here.`,
    id: "event_id",
    columns: [
      { name: "event_id", type: "string", nullable: false, doc: "Id that the producer gave." },
      {
        name: "event_type",
        type: "string",
        nullable: false,
        doc: "Type as the producer wrote it.",
      },
      {
        name: "ledger_sequence",
        type: "int64",
        nullable: false,
        doc: "Ledger that the event belongs to.",
      },
      {
        name: "content_type",
        type: "string",
        nullable: false,
        doc: "Content type of the payload; empty when the producer gave none.",
      },
      { name: "metadata", type: "json", nullable: false, doc: "String map of the producer." },
      {
        name: "payload",
        type: "json",
        nullable: false,
        doc: "The payload: JSON for application/json, else a base64 string.",
      },
    ],
  });
}
