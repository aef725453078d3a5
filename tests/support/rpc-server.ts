/** A Stellar RPC server on loopback: answers in the shapes of the real one, with faults on demand. */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { xdr } from "@stellar/stellar-sdk";
import { readLedgerHeader } from "../../src/stellar/ledger-header.ts";

export interface RpcCall {
  readonly method: string;
  readonly params: {
    readonly startLedger?: number;
    readonly pagination?: { readonly cursor?: string; readonly limit?: number };
  };
  readonly headers: IncomingMessage["headers"];
}

/** Takes over an answer. True: it has done so. */
export type Fault = (call: RpcCall, response: ServerResponse) => boolean | Promise<boolean>;

export interface RpcServer extends AsyncDisposable {
  readonly url: string;
  readonly calls: readonly RpcCall[];
  /** What is asked of it next meets these, one after the other. */
  fail(...faults: readonly Fault[]): void;
  /** Meets every call until it is taken away with undefined. */
  always(fault: Fault | undefined): void;
  /** What it keeps: moves the retention window and the head. */
  keep(oldest: number, latest: number): void;
}

export interface RpcServerOptions {
  readonly passphrase: string;
  /** LedgerCloseMeta of consecutive ledgers. */
  readonly ledgers: readonly Uint8Array[];
  /** It answers with no more ledgers than this, whatever is asked. Default 200. */
  readonly most?: number;
}

const INVALID_REQUEST = -32600;

function entryOf(bytes: Uint8Array) {
  const header = readLedgerHeader(bytes);
  const entry = bytes.subarray(header.start - 32, header.end + 4);
  xdr.LedgerHeaderHistoryEntry.fromXdr(entry);
  return {
    hash: header.hash,
    sequence: header.sequence,
    ledgerCloseTime: String(header.closedAt.getTime() / 1000),
    headerXdr: Buffer.from(entry).toString("base64"),
    metadataXdr: Buffer.from(bytes).toString("base64"),
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

export async function startRpcServer(options: RpcServerOptions): Promise<RpcServer> {
  const entries = options.ledgers.map(entryOf);
  const first = entries[0]?.sequence ?? 0;
  let oldest = first;
  let latest = first + entries.length - 1;
  let faults: Fault[] = [];
  let steady: Fault | undefined;
  const calls: RpcCall[] = [];

  const timeOf = (sequence: number) => Number(entries[sequence - first]?.ledgerCloseTime ?? 0);
  const refuse = (message: string) => ({ error: { code: INVALID_REQUEST, message } });

  function getLedgers({ startLedger, pagination = {} }: RpcCall["params"]) {
    const { cursor, limit = 50 } = pagination;
    if (cursor !== undefined && startLedger !== undefined) {
      return refuse("startLedger and cursor cannot both be set");
    }
    if (limit > 200) return refuse("limit must not exceed 200");
    const start = cursor === undefined ? startLedger ?? 0 : Number(cursor) + 1;
    if (start < oldest || start > latest && cursor === undefined) {
      return refuse(
        `start ledger (${start}) must be between the oldest ledger: ${oldest} and the latest ` +
          `ledger: ${latest} for this rpc instance`,
      );
    }
    const count = Math.min(limit, options.most ?? 200);
    const page = entries.filter(({ sequence }) =>
      sequence >= start && sequence < start + count && sequence <= latest
    );
    return {
      result: {
        ledgers: page,
        latestLedger: latest,
        latestLedgerCloseTime: timeOf(latest),
        oldestLedger: oldest,
        oldestLedgerCloseTime: timeOf(oldest),
        cursor: String(page.at(-1)?.sequence ?? start - 1),
      },
    };
  }

  function answer({ method, params }: RpcCall): object {
    if (method === "getLedgers") return getLedgers(params);
    if (method === "getNetwork") {
      return { result: { passphrase: options.passphrase, protocolVersion: 26 } };
    }
    if (method !== "getHealth") return { error: { code: -32601, message: "method not found" } };
    return {
      result: {
        status: "healthy",
        latestLedger: latest,
        latestLedgerCloseTime: String(timeOf(latest)),
        oldestLedger: oldest,
        oldestLedgerCloseTime: String(timeOf(oldest)),
        ledgerRetentionWindow: latest - oldest + 1,
      },
    };
  }

  const server = createServer(async (request, response) => {
    // Undefined: the client has hung up.
    const text = await readBody(request).catch(() => undefined);
    if (text === undefined) return;
    const body = JSON.parse(text);
    const call: RpcCall = {
      method: body.method,
      params: body.params ?? {},
      headers: request.headers,
    };
    calls.push(call);
    if (await steady?.(call, response) === true) return;
    const [fault, ...rest] = faults;
    faults = rest;
    if (await fault?.(call, response) === true) return;
    const answered = JSON.stringify({ jsonrpc: "2.0", id: body.id, ...answer(call) });
    response.writeHead(200, { "content-type": "application/json" }).end(answered);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}/`,
    calls,
    fail: (...next) => faults.push(...next),
    always: (fault) => void (steady = fault),
    keep(from, to) {
      oldest = from;
      latest = to;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const status =
  (code: number, headers: Record<string, string> = {}): Fault => (_, response) => {
    response.writeHead(code, headers).end("no");
    return true;
  };

export const body = (text: string): Fault => (_, response) => {
  response.writeHead(200, { "content-type": "application/json" }).end(text);
  return true;
};

/** The connection ends in the middle of the answer. */
export const cut: Fault = (_, response) => {
  response.writeHead(200, { "content-length": "1000" }).write('{"jsonrpc":"2.0","id":1,');
  setTimeout(() => response.destroy(), 5);
  return true;
};

/** No byte of an answer ever comes. */
export const silence: Fault = () => true;
