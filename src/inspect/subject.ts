/** What `flowctl inspect` is asked for: a ledger, a transaction, an operation, or an event. */

import { FlowctlError } from "../spec/errors.ts";
import type { EventPlace } from "./ledger-parts.ts";

export interface Subject {
  readonly ledger: number;
  /** From 1, in apply order; undefined: the whole ledger. */
  readonly transaction?: number;
  /** From 0; undefined: the whole transaction, or an event. */
  readonly operation?: number;
  readonly event?: EventPlace;
}

const LEDGER = /^\d{1,10}$/;
/**
 * The ids of our rows: network-ledger, then transaction, then operation, then a place in it; with a
 * letter for what has no operation (t and d: events; f, b, a and r: changes), u for upgrades, and a
 * signer behind a change.
 */
const ROW =
  /^[A-Za-z0-9]+-(\d{1,10})(?:-u\d+-\d+|-(\d+)(?:-([tdfbar])(\d+)|-(\d+)(?:-(\d+))?)?)?(-[GTXP][A-Z2-7]{10,})?$/;
const TRANSACTION_HASH = /^[0-9a-f]{64}$/i;

/** `63092982`, and ids such as `pubnet-63092982`, `pubnet-63092982-7`, `pubnet-63092982-7-1-0`. */
export function subjectOf(text: string): Subject {
  if (LEDGER.test(text)) return { ledger: Number(text) };
  const row = ROW.exec(text);
  if (row !== null) return subjectOfRow(row);
  if (TRANSACTION_HASH.test(text)) {
    throw new FlowctlError("cli/usage", "a transaction's hash does not say in which ledger it is", {
      hint: "Give the ledger's number, and the hash with --tx.",
    });
  }
  throw new FlowctlError("cli/usage", `'${text}' is neither a ledger nor the id of a row`, {
    hint: "Give a ledger's number, or an event_id such as pubnet-63092982-7-1-0.",
  });
}

function subjectOfRow([, first, second, letter, place, third, fourth, signer]: RegExpExecArray) {
  const ledger = Number(first);
  if (second === undefined) return { ledger };
  const transaction = Number(second);
  if (letter === "t" || letter === "d") {
    return { ledger, event: { transaction, of: letter, index: Number(place) } as const };
  }
  if (third === undefined) return { ledger, transaction };
  const operation = Number(third);
  if (fourth === undefined || signer !== undefined) return { ledger, transaction, operation };
  return { ledger, event: { transaction, of: operation, index: Number(fourth) } };
}
