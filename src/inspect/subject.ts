/** What `flowctl inspect` is asked for: a ledger, a transaction in it, or an event. */

import { FlowctlError } from "../spec/errors.ts";
import type { EventPlace } from "./ledger-parts.ts";

export interface Subject {
  readonly ledger: number;
  readonly event: EventPlace | undefined;
}

const LEDGER = /^\d{1,10}$/;
/** Our event ids: network-ledger-transaction-operation-event, with t and d for what has no operation. */
const EVENT = /^[A-Za-z0-9]+-(\d{1,10})-(\d+)-(?:(t|d)(\d+)|(\d+)-(\d+))$/;
/** The id of a ledger as an event. */
const LEDGER_EVENT = /^[A-Za-z0-9]+-(\d{1,10})$/;

/** `63092982`, `pubnet-63092982`, `pubnet-63092982-7-1-0`, `pubnet-63092982-7-t0`. */
export function subjectOf(text: string): Subject {
  if (LEDGER.test(text)) return { ledger: Number(text), event: undefined };
  const whole = LEDGER_EVENT.exec(text);
  if (whole !== null) return { ledger: Number(whole[1]), event: undefined };
  const event = EVENT.exec(text);
  if (event !== null) {
    const [, ledger, transaction, kind, kindIndex, operation, index] = event;
    const of: EventPlace["of"] = kind === "t" || kind === "d" ? kind : Number(operation);
    const place = { transaction: Number(transaction), of, index: Number(kindIndex ?? index) };
    return { ledger: Number(ledger), event: place };
  }
  throw new FlowctlError("cli/usage", `'${text}' is neither a ledger nor the id of an event`, {
    hint: "Give a ledger's number, or an event_id such as pubnet-63092982-7-1-0.",
  });
}
