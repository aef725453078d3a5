/** What a worker thread has made of a ledger, as the batch that its source gives. */

import { FlowctlError } from "../../spec/errors.ts";
import { ledgerBatch } from "../../stellar/ledger-batch.ts";
import { hollowBatch } from "../batch.ts";
import type { Batch, MadeLedger } from "../batch.ts";
import type { Packed, SourceDefinition } from "../component.ts";
import type { LedgerResult } from "./messages.ts";

export interface ResultOf {
  /** Id of the source component. */
  readonly source: string;
  readonly definition: SourceDefinition;
  readonly packed: Packed;
  readonly ledger: LedgerResult;
}

export function resultBatch({ source, definition, packed, ledger }: ResultOf): Batch {
  const { sequence, network, closedAt, bytes, bare, made = NOTHING } = ledger;
  const whole = bare === undefined ? undefined : ledgerBatch({ source, network, bytes: bare });
  if (whole !== undefined && Object.keys(made.nodes).length === 0) return whole;
  return hollowBatch({ source, sequence, network, closedAt }, {
    bytes,
    events: 1,
    made,
    fill: () => Promise.resolve(whole ?? unpackAgain({ source, definition, packed, ledger })),
  });
}

const NOTHING: MadeLedger = { transactions: undefined, nodes: {}, encoded: {}, unsettled: {} };

function unpackAgain({ source, definition, packed, ledger: { sequence } }: ResultOf): Batch {
  for (const { batch } of definition.unpack?.(packed, source) ?? []) {
    if (batch.sequence === sequence) return batch;
  }
  throw new FlowctlError("flow/internal", `ledger ${sequence} was there and is not any more`);
}
