/**
 * One connection to PostgreSQL, never replaced in silence: once it is lost every call fails, so
 * that no statement of a transaction can end up outside of it on a new connection.
 */

import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import type { Writable } from "node:stream";
import postgres from "postgres";
import { FlowctlError, messageOf } from "../../spec/errors.ts";
import type { ConnectionSettings } from "./connection-string.ts";

/** How much longer than the server's own limit a statement may take before the link counts as dead. */
const REPLY_GRACE_ms = 15_000;
/**
 * A process that is paused in the middle of a transaction holds its locks: after this long the
 * server takes them away, so that whoever took the sink over can go on.
 */
const IDLE_IN_TRANSACTION_ms = 15_000;
/** TCP probes find a peer that went away without a word. */
const KEEP_ALIVE_s = 30;

export interface ConnectOptions {
  readonly connect_timeout_ms: number;
  /** 0: no limit. */
  readonly statement_timeout_ms: number;
  readonly signal: AbortSignal;
}

export type ResultRow = Readonly<Record<string, unknown>>;

export interface PgConnection {
  /** True once every call fails. */
  readonly lost: boolean;
  /** Values are texts; the statement says their types. Several statements when without values. */
  query(statement: string, values?: readonly string[]): Promise<readonly ResultRow[]>;
  /** Ends the transaction; an error when the server rolled it back. */
  commitTransaction(): Promise<void>;
  /** Feeds a COPY … FROM STDIN. */
  copyIn(statement: string, chunks: Iterable<string>): Promise<void>;
  close(): Promise<void>;
}

function sslOptions(settings: ConnectionSettings): object | false | "prefer" {
  const { sslmode, sslrootcert, sslcert, sslkey, addresses } = settings;
  if (sslmode === "disable") return false;
  const pem = (key: string, path: string | undefined) => path ? { [key]: readPem(path) } : {};
  const files = { ...pem("cert", sslcert), ...pem("key", sslkey) };
  if ((sslmode === "prefer" || sslmode === "allow") && Object.keys(files).length === 0) {
    return "prefer";
  }
  // As in libpq: "require" checks the certificate only where there is one to check against.
  const rejectUnauthorized = sslmode.startsWith("verify") ||
    (sslmode === "require" && sslrootcert !== undefined);
  const [address] = addresses;
  const host = addresses.length === 1 && address && isIP(address.host)
    ? { host: address.host }
    : {};
  return {
    ...files,
    ...host,
    ...(sslrootcert === "system" ? {} : pem("ca", sslrootcert)),
    rejectUnauthorized,
    ...(sslmode === "verify-full" ? {} : { checkServerIdentity: () => undefined }),
  };
}

function readPem(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new FlowctlError("spec/invalid", `cannot read the certificate ${path}`, {
      hint: messageOf(error),
      cause: error,
    });
  }
}

/** Opens the connection; errors are those of the driver, or the signal's. */
export async function connectPostgres(
  settings: ConnectionSettings,
  options: ConnectOptions,
): Promise<PgConnection> {
  let lost = false;
  const { addresses } = settings;
  const [first] = addresses;
  const isSocket = first?.host.startsWith("/") === true;
  const where: object = isSocket
    ? { host: first.host, port: first.port }
    : { host: addresses.map(({ host }) => host), port: addresses.map(({ port }) => port) };
  const sql = postgres({
    ...where,
    database: settings.database,
    username: settings.user,
    password: settings.password,
    ssl: sslOptions(settings),
    max: 1,
    // One's own connection: it lives as long as the sink.
    idle_timeout: 0,
    max_lifetime: null,
    connect_timeout: options.connect_timeout_ms / 1000,
    keep_alive: KEEP_ALIVE_s,
    fetch_types: false,
    prepare: false,
    target_session_attrs: addresses.length > 1 ? "read-write" : undefined,
    onnotice() {},
    onclose() {
      lost = true;
    },
    connection: {
      application_name: settings.application_name,
      ...(settings.options ? { options: settings.options } : {}),
    },
  });

  const destroy = () => {
    lost = true;
    sql.end({ timeout: 0 }).catch(() => {});
  };

  /** Gives up when the run ends or the server is silent for too long. */
  async function bounded<T>(limit_ms: number, action: () => Promise<T>): Promise<T> {
    if (options.signal.aborted) throw interrupted();
    if (lost) throw connectionLost();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let onAbort = () => {};
    const givenUp = new Promise<never>((_, reject) => {
      onAbort = () => reject(interrupted());
      options.signal.addEventListener("abort", onAbort, { once: true });
      if (limit_ms > 0) timer = setTimeout(() => reject(connectionLost()), limit_ms);
    });
    try {
      return await Promise.race([action(), givenUp]);
    } catch (error) {
      destroy();
      throw error;
    } finally {
      clearTimeout(timer);
      options.signal.removeEventListener("abort", onAbort);
    }
  }

  const { statement_timeout_ms } = options;
  const reply_limit_ms = statement_timeout_ms > 0 ? statement_timeout_ms + REPLY_GRACE_ms : 0;

  await bounded(options.connect_timeout_ms + REPLY_GRACE_ms, async () =>
    await sql.unsafe(
      `SET statement_timeout = ${Math.round(statement_timeout_ms)};
       SET idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION_ms};
       SET standard_conforming_strings = on; SET client_min_messages = warning`,
    ));
  return {
    get lost() {
      return lost;
    },
    query: (statement, values = []) =>
      bounded(reply_limit_ms, async () => await sql.unsafe(statement, [...values])),
    commitTransaction: () =>
      bounded(reply_limit_ms, async () => {
        const { command } = await sql.unsafe("COMMIT");
        if (command !== "COMMIT") throw new Error("the server rolled the transaction back");
      }),
    copyIn: (statement, chunks) =>
      bounded(reply_limit_ms, async () => {
        const query = sql.unsafe(statement);
        const stream = await query.writable();
        await new Promise<void>((resolve, reject) => {
          // The driver has settled the query with the stream, and drops an error that comes after
          // the stream's end (a failed COPY, a lost connection); this is where it passes by.
          Reflect.set(query, "reject", reject);
          stream.once("error", reject);
          feed(stream, chunks).then(resolve, reject);
        });
      }),
    async close() {
      const ended = sql.end({ timeout: 1 });
      lost = true;
      await ended.catch(() => {});
    },
  };
}

async function feed(stream: Writable, chunks: Iterable<string>): Promise<void> {
  for (const chunk of chunks) {
    const more = stream.write(Buffer.from(chunk, "utf8"));
    if (!more) await new Promise((resolve) => stream.once("drain", resolve));
  }
  await new Promise<void>((resolve) => stream.end(resolve));
}

function interrupted(): FlowctlError {
  return new FlowctlError("flow/interrupted", "interrupted");
}

function connectionLost(): Error {
  return Object.assign(new Error("the connection to the server was lost"), {
    code: "CONNECTION_CLOSED",
  });
}
