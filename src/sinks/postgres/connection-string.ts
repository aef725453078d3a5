/**
 * A connection string in either of libpq's forms (PostgreSQL manual, section 34.1.1): a URI, or
 * `key=value` pairs. What it says of the password stays out of every error.
 */

import { FlowctlError } from "../../spec/errors.ts";

export type SslMode = "disable" | "allow" | "prefer" | "require" | "verify-ca" | "verify-full";

const SSL_MODES: readonly SslMode[] = [
  "disable",
  "allow",
  "prefer",
  "require",
  "verify-ca",
  "verify-full",
];

const DEFAULT_PORT = 5432;

export interface PgAddress {
  /** Name or address; a folder when it begins with a slash: the server's Unix socket is in it. */
  readonly host: string;
  readonly port: number;
}

export interface ConnectionSettings {
  /** Tried in turn. */
  readonly addresses: readonly PgAddress[];
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly sslmode: SslMode;
  /** Paths of PEM files. */
  readonly sslrootcert: string | undefined;
  readonly sslcert: string | undefined;
  readonly sslkey: string | undefined;
  readonly application_name: string;
  readonly connect_timeout_ms: number | undefined;
  /** Server settings of the session, as the `-c` options of the server's command line. */
  readonly options: string | undefined;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Throws `spec/invalid` for a string that is neither form or names an unknown parameter. */
export function parseConnectionString(text: string, env: Env = {}): ConnectionSettings {
  const isUri = /^postgres(ql)?:\/\//.test(text);
  if (!isUri && !text.includes("=")) {
    throw invalid("is neither postgres://user@host/database nor a list of key=value");
  }
  return settingsOf(isUri ? uriParameters(text) : pairs(text), env);
}

function invalid(what: string): FlowctlError {
  return new FlowctlError("spec/invalid", `the connection_string ${what}`, {
    hint: "Its form is postgres://user:password@host:5432/database?sslmode=require; " +
      "characters such as @ : / in the password are written %40 %3A %2F.",
  });
}

const AUTHORITY = /^postgres(?:ql)?:\/\/(?:([^@/?]*)@)?([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/;

function uriParameters(text: string): Map<string, string> {
  const match = AUTHORITY.exec(text);
  if (!match) throw invalid("is not a URI that can be read");
  const [, account = "", hosts = "", database = "", query = ""] = match;
  const colon = account.indexOf(":");
  const [user, password] = colon < 0
    ? [account, ""]
    : [account.slice(0, colon), account.slice(colon + 1)];
  const found = new Map<string, string>();
  const put = (key: string, value: string) => value && found.set(key, decoded(value));
  put("user", user);
  put("password", password);
  put("dbname", database);
  const addresses = hosts.split(",").map(splitHost);
  put("host", addresses.map(({ host }) => host).join(","));
  put("port", addresses.map(({ port }) => port).join(","));
  for (const [key, value] of new URLSearchParams(query)) found.set(key, value);
  return found;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid("has a % that no two hexadecimal digits follow");
  }
}

function splitHost(text: string): { host: string; port: string } {
  const match = /^(\[[^\]]*\]|[^:]*)(?::([0-9]*))?$/.exec(text);
  if (!match) throw invalid("has a host or port that cannot be read");
  const [, host = "", port = ""] = match;
  return { host: host.replace(/^\[|\]$/g, ""), port };
}

const PAIR = /\s*([a-z_]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)*))\s*/y;

function pairs(text: string): Map<string, string> {
  const found = new Map<string, string>();
  PAIR.lastIndex = 0;
  while (PAIR.lastIndex < text.length) {
    const match = PAIR.exec(text);
    if (!match) throw invalid("has something that is not key=value");
    const [, key = "", quoted, bare = ""] = match;
    found.set(key, (quoted ?? bare).replace(/\\(.)/g, "$1"));
  }
  return found;
}

/** Parameters that change nothing for a sink, but stand in many strings. */
const IGNORED = new Set(["fallback_application_name", "client_encoding", "schema", "gssencmode"]);
const KNOWN = new Set([
  "host",
  "port",
  "user",
  "password",
  "dbname",
  "sslmode",
  "sslrootcert",
  "sslcert",
  "sslkey",
  "application_name",
  "connect_timeout",
  "options",
]);

function settingsOf(found: ReadonlyMap<string, string>, env: Env): ConnectionSettings {
  for (const key of found.keys()) {
    if (!KNOWN.has(key) && !IGNORED.has(key)) {
      throw invalid(`has a parameter "${key}", which is not known`);
    }
  }
  const get = (key: string, variable?: string) =>
    found.get(key) || (variable ? env[variable] : undefined) || undefined;
  const addresses = addressesOf(get("host", "PGHOST") ?? "localhost", get("port", "PGPORT") ?? "");
  const user = get("user", "PGUSER") ?? env["USER"] ?? "postgres";
  const isSocket = addresses.every(({ host }) => host.startsWith("/"));
  const seconds = get("connect_timeout");
  return {
    addresses,
    user,
    password: get("password", "PGPASSWORD") ?? "",
    database: get("dbname", "PGDATABASE") ?? user,
    sslmode: sslModeOf(isSocket ? "disable" : get("sslmode", "PGSSLMODE") ?? "prefer"),
    sslrootcert: get("sslrootcert", "PGSSLROOTCERT"),
    sslcert: get("sslcert", "PGSSLCERT"),
    sslkey: get("sslkey", "PGSSLKEY"),
    application_name: get("application_name", "PGAPPNAME") ?? "flowctl",
    connect_timeout_ms: seconds === undefined ? undefined : wholeNumber(seconds) * 1000,
    options: get("options", "PGOPTIONS"),
  };
}

function addressesOf(hosts: string, ports: string): PgAddress[] {
  const portList = ports.split(",");
  return hosts.split(",").map((host, i) => {
    const port = portList.length === 1 ? portList[0] : portList[i];
    return { host: host || "localhost", port: port ? wholeNumber(port) : DEFAULT_PORT };
  });
}

function wholeNumber(text: string): number {
  if (!/^[0-9]{1,5}$/.test(text)) throw invalid("has a port or timeout that is no number");
  return Number(text);
}

function sslModeOf(text: string): SslMode {
  const mode = SSL_MODES.find((known) => known === text);
  if (!mode) throw invalid(`has an sslmode that is none of ${SSL_MODES.join(", ")}`);
  return mode;
}
