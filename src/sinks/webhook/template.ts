/**
 * Bodies made from a JSON document with places for an event's values, `{{.TransactionHash}}`.
 *
 * A place within quotes takes the value as text, one outside of them as a JSON value. Names are
 * those of columns, in any of the spellings TransactionHash, transactionHash, transaction_hash;
 * EventType is the name of the event's type.
 */

import type { EventType } from "../../events/event-type.ts";
import { createValueWriter, jsonString } from "../../events/json.ts";
import type { Row } from "../../flow/batch.ts";
import { FlowctlError, messageOf } from "../../spec/errors.ts";

export interface Template {
  /** A function that fills the document. Throws `sink/schema-mismatch` for an unknown column. */
  forType(type: EventType): (row: Row) => string;
}

interface Place {
  /** What stands between this place and the one before. */
  readonly before: string;
  readonly name: string;
  readonly quoted: boolean;
}

const PLACE = /\{\{([^{}]*)\}\}/g;
const NAME = /^\s*\.([A-Za-z_][A-Za-z0-9_]*)\s*$/;

/** Throws `spec/invalid` when the document is not JSON, or has a place that is not just a name. */
export function parseTemplate(text: string): Template {
  const places: Place[] = [];
  let end = 0;
  let quoted = false;
  for (const match of text.matchAll(PLACE)) {
    const name = NAME.exec(match[1] ?? "")?.[1];
    if (name === undefined) {
      throw invalid(
        `${match[0]} is not the name of a value`,
        "Only {{.ColumnName}} can be filled.",
      );
    }
    const before = text.slice(end, match.index);
    quoted = endsQuoted(before, quoted);
    places.push({ before, name, quoted });
    end = match.index + match[0].length;
  }
  const after = text.slice(end);
  mustBeJson(places.map((place) => place.before + (place.quoted ? "" : "null")).join("") + after);
  return { forType: (type) => filler(places, after, type) };
}

/** Whether a string of the document is open behind this text, given whether one was before it. */
function endsQuoted(text: string, quoted: boolean): boolean {
  for (const [found] of text.matchAll(/\\.|"/gs)) {
    if (found === '"') quoted = !quoted;
  }
  return quoted;
}

function mustBeJson(text: string): void {
  try {
    JSON.parse(text);
  } catch (error) {
    throw invalid(
      `it is not JSON: ${messageOf(error)}`,
      "Places within quotes become text; those outside become JSON values.",
    );
  }
}

function invalid(why: string, hint: string): FlowctlError {
  return new FlowctlError("spec/invalid", `payload_template: ${why}`, { hint });
}

function filler(places: readonly Place[], after: string, type: EventType): (row: Row) => string {
  const filled = places.map((place) => ({ ...place, value: valueOf(place.name, type) }));
  return (row) => {
    let text = "";
    for (const { before, quoted, value } of filled) {
      const json = value(row);
      text += before + (quoted ? withinQuotes(json) : json);
    }
    return text + after;
  };
}

function valueOf(name: string, type: EventType): (row: Row) => string {
  const wanted = spelling(name);
  const column = type.columns.find((candidate) => spelling(candidate.name) === wanted);
  if (column !== undefined) {
    const write = createValueWriter(column);
    return (row) => write(row[column.name]);
  }
  if (wanted === "eventtype") return () => jsonString(type.name);
  throw new FlowctlError(
    "sink/schema-mismatch",
    `payload_template asks for ${name}, which ${type.name} does not have`,
    { hint: `It has ${type.columns.map((candidate) => candidate.name).join(", ")}.` },
  );
}

function spelling(name: string): string {
  return name.replaceAll("_", "").toLowerCase();
}

function withinQuotes(json: string): string {
  if (json === "null") return "";
  return (json.startsWith('"') ? json : jsonString(json)).slice(1, -1);
}
