/** Rows as the events that a foreign component receives. */

import { Buffer } from "node:buffer";
import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { EventType } from "../events/event-type.ts";
import { writeJsonExactly } from "../events/exact-json.ts";
import { ledgerEvent } from "../events/ledger.ts";
import { opaqueEventType } from "../events/opaque.ts";
import { rowCodec } from "../events/protobuf.ts";
import type { RowCodec } from "../events/protobuf.ts";
import { eventTypeByName } from "../events/registry.ts";
import type { Batch, Json, Row } from "../flow/batch.ts";
import type { Event } from "../gen/proto/flowctl/v1/common_pb.js";
import { EventSchema } from "../gen/proto/flowctl/v1/common_pb.js";
import { RawLedgerSchema } from "../gen/proto/stellar/v1/raw_ledger_pb.js";
import { BASE64_MARK, isJson, PROTOBUF } from "./content-type.ts";

export interface OutgoingPayload {
  readonly payload: Uint8Array;
  readonly contentType: string;
  readonly metadata: Record<string, string>;
}

const codecs = new WeakMap<EventType, RowCodec>();

/**
 * The events of a batch, in order. `wanted`: only these types; empty: all. Ids are those of the
 * rows: the same for the same event in any run. A type that flowctl has no schema for goes out as
 * it came in.
 */
export function* outgoingEvents(batch: Batch, wanted: ReadonlySet<string>): Generator<Event> {
  let index = 0;
  for (const { type, rows } of batch.groups) {
    if (wanted.size > 0 && !wanted.has(type.name)) continue;
    for (const row of rows) {
      const { payload, contentType, metadata } = payloadOf(type, row);
      yield create(EventSchema, {
        id: String(row[type.id]),
        type: type.name,
        payload,
        metadata: batch.network === "" ? metadata : { ...metadata, network: batch.network },
        // A source that says no times gets none.
        ...(batch.closedAt.getTime() === 0 ? {} : { timestamp: timestampFromDate(batch.closedAt) }),
        sourceComponentId: batch.source,
        contentType,
        stellarCursor: { ledgerSequence: BigInt(batch.sequence), indexInLedger: index },
      });
      index += 1;
    }
  }
}

function payloadOf(type: EventType, row: Row): OutgoingPayload {
  if (type === ledgerEvent) {
    const closedAt = row["closed_at"] as Date;
    const payload = toBinary(
      RawLedgerSchema,
      create(RawLedgerSchema, {
        sequence: Number(row["sequence"]),
        ledgerCloseMetaXdr: row["ledger_close_meta_xdr"] as Uint8Array,
        network: String(row["network"]),
        closedAt: BigInt(Math.floor(closedAt.getTime() / 1000)),
      }),
    );
    return { payload, contentType: PROTOBUF, metadata: {} };
  }
  if (isOpaque(type)) return opaquePayload(row);
  let codec = codecs.get(type);
  if (codec === undefined) codecs.set(type, codec = rowCodec(type.columns));
  return { payload: codec.encode(row), contentType: PROTOBUF, metadata: {} };
}

const OPAQUE_COLUMNS = opaqueEventType("opaque").columns.map((column) => column.name).join();

function isOpaque(type: EventType): boolean {
  return eventTypeByName(type.name) !== type &&
    type.columns.map((column) => column.name).join() === OPAQUE_COLUMNS;
}

function opaquePayload(row: Row): OutgoingPayload {
  const contentType = String(row["content_type"]);
  const payload = row["payload"] as Json;
  const metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(row["metadata"] ?? {})) metadata[name] = String(value);
  const encoded = metadata[BASE64_MARK.name] === BASE64_MARK.value;
  delete metadata[BASE64_MARK.name];
  const bytes = isJson(contentType) && !encoded
    ? Buffer.from(writeJsonExactly(payload))
    : Buffer.from(String(payload), "base64");
  return { payload: bytes, contentType, metadata };
}
