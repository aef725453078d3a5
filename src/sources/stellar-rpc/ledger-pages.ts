/** Pages of consecutive ledgers, up to the head and on with it. */

import { sleep } from "../../flow/retry.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { LedgersPage, type RpcLedger } from "./answers.ts";
import { type Endpoint, ResponseTooLarge, RpcError } from "./endpoint.ts";
import type { Servers } from "./servers.ts";

export interface Page {
  /** The server that it came from, for messages. */
  readonly server: string;
  /** At least one, from the sequence that was asked for on. */
  readonly ledgers: readonly RpcLedger[];
}

export interface LedgerPagesOptions {
  readonly servers: Servers;
  readonly from: number;
  /** Infinity: for ever. */
  readonly to: number;
  /** At the head: wait for the next ledger, or fail. */
  readonly wait: boolean;
  /** Ledgers in one page, at most. */
  readonly batch_size: number;
  readonly poll_interval_ms: number;
  readonly signal: AbortSignal;
  onHead(latestLedger: number): void;
}

/** A server may answer from several backends, whose heads differ for a moment. */
const MAX_CONTRADICTIONS = 5;

export async function* ledgerPages(options: LedgerPagesOptions): AsyncGenerator<Page> {
  const { to, wait, poll_interval_ms, signal } = options;
  const fetchPage = pageFetcher(options);
  let next = options.from;
  while (next <= to) {
    const page = await fetchPage(next);
    if (page !== "head") {
      yield page;
      next += page.ledgers.length;
      continue;
    }
    if (!wait) {
      throw new FlowctlError("source/head-reached", `ledger ${next} has not closed yet`, {
        hint: "Leave out --no-wait to wait for it.",
      });
    }
    await sleep(poll_interval_ms, signal);
    signal.throwIfAborted();
  }
}

function pageFetcher(options: LedgerPagesOptions): (next: number) => Promise<Page | "head"> {
  const { servers, to, onHead } = options;
  let limit = options.batch_size;
  /** Where a server's cursor stands; it means nothing to the others. */
  let cursor: { readonly of: Endpoint; readonly next: number; readonly value: string } | undefined;

  function request(endpoint: Endpoint, next: number): Promise<LedgersPage> {
    const pagination = { limit: Math.min(limit, to - next + 1) };
    const params = cursor?.of === endpoint && cursor.next === next
      ? { pagination: { ...pagination, cursor: cursor.value } }
      : { startLedger: next, pagination };
    return endpoint.call("getLedgers", params, LedgersPage, options.signal);
  }

  async function ask(next: number): Promise<Page | "head"> {
    const { endpoint, answer } = await servers.ask(async (endpoint) => ({
      endpoint,
      answer: await request(endpoint, next),
    }));
    onHead(answer.latestLedger);
    const ledgers = answer.ledgers ?? [];
    if (ledgers.length === 0) return "head";
    if (answer.cursor !== undefined) {
      cursor = { of: endpoint, next: next + ledgers.length, value: answer.cursor };
    }
    return { server: endpoint.name, ledgers };
  }

  /** Why a server has no page for this ledger. Undefined: it says that it has the ledger. */
  async function missing(next: number): Promise<"head" | "below" | undefined> {
    const { latestLedger, oldestLedger } = await servers.health();
    onHead(latestLedger);
    if (next > latestLedger) return "head";
    return next < oldestLedger ? "below" : undefined;
  }

  return async (next) => {
    let below = 0;
    for (let contradictions = 0;;) {
      try {
        return await ask(next);
      } catch (error) {
        if (error instanceof ResponseTooLarge && limit > 1) {
          limit = Math.max(1, Math.floor(limit / 2));
          continue;
        }
        if (!(error instanceof RpcError)) throw error;
        cursor = undefined;
        const why = await missing(next);
        if (why === "head") return "head";
        if (why === "below") {
          if (++below >= servers.count) throw outOfRange(next, error);
          servers.turn();
        } else if (++contradictions > MAX_CONTRADICTIONS) throw error;
        else await sleep(options.poll_interval_ms, options.signal);
      }
    }
  };
}

function outOfRange(next: number, cause: RpcError): FlowctlError {
  return new FlowctlError(
    "source/out-of-range",
    `no server keeps ledger ${next} any more: ${cause.message}`,
    { hint: "RPC servers keep days, not years: read older ledgers from a lake (galexie).", cause },
  );
}

/** The same values, of which so many are fetched before they are asked for. */
export async function* readAhead<T>(values: AsyncGenerator<T>, count: number): AsyncGenerator<T> {
  const coming: Promise<IteratorResult<T>>[] = [];
  try {
    for (;;) {
      while (coming.length <= count) {
        const next = values.next();
        // It is looked at when its turn comes, which may be never.
        next.catch(() => {});
        coming.push(next);
      }
      const result = await coming.shift();
      if (result === undefined || result.done === true) return;
      yield result.value;
    }
  } finally {
    values.return(undefined).catch(() => {});
  }
}
