import { FlowctlError, messageOf } from "../../spec/errors.ts";
import type { ErrorCode } from "../../spec/errors.ts";
import { describeScope } from "../sql/scope.ts";
import type { WriteScope } from "../sql/store.ts";
import type { ConnectionSettings } from "./connection-string.ts";

interface Meaning {
  readonly code: ErrorCode;
  readonly what: string;
  readonly hint: string;
  readonly retryable?: boolean;
}

const UNREACHABLE: Meaning = {
  code: "sink/unreachable",
  what: "cannot be reached",
  hint: "Look whether the server runs and whether host, port and firewall are right.",
  retryable: true,
};

const BUSY: Meaning = {
  code: "sink/unreachable",
  what: "did not take the rows this time",
  hint: "Another session holds a lock, or the server is overloaded: look at pg_stat_activity.",
  retryable: true,
};

const MISMATCH: Meaning = {
  code: "sink/schema-mismatch",
  what: "has a table that does not fit the event type",
  hint: "Compare the table's columns with `flowctl components show`, or choose another table: " +
    "flowctl creates it. It needs a primary key or a unique index on the event id.",
};

const REJECTED: Meaning = {
  code: "sink/rejected",
  what: "rejected rows",
  hint: "Look at the table's constraints and triggers; ledgers before these are committed.",
};

const TLS: Meaning = {
  code: "sink/rejected",
  what: "has a certificate that cannot be trusted",
  hint: "Set sslrootcert to its authority's certificate, or sslmode to what the server offers.",
};

/** By SQLSTATE (PostgreSQL manual, appendix A), its class, or the code of a network error. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  "08": UNREACHABLE,
  "28": {
    code: "sink/rejected",
    what: "refused the login",
    hint: "Look at user and password of the connection_string, and at the server's pg_hba.conf.",
  },
  "3D000": {
    code: "sink/rejected",
    what: "has no such database",
    hint: "Create it (createdb), or correct the database of the connection_string.",
  },
  "3F000": {
    code: "sink/rejected",
    what: "has no such schema",
    hint: "Create it, or set schema_name.",
  },
  "42501": {
    code: "sink/rejected",
    what: "refused for lack of a privilege",
    hint: "The user needs CREATE and USAGE on the schema, TEMPORARY on the database, and SELECT, " +
      "INSERT, UPDATE and DELETE on the table.",
  },
  "42P01": {
    code: "state/output-missing",
    what: "has lost a table while the run wrote to it",
    hint: "Bring the table back, or run with --reset to write it from the start.",
  },
  "42": MISMATCH,
  "53100": {
    code: "sink/disk-full",
    what: "has no space left on its disk",
    hint: "Free some space there and run again: the run goes on from the last checkpoint.",
  },
  "53": BUSY,
  "40": BUSY,
  "55": BUSY,
  "57014": { ...BUSY, hint: `${BUSY.hint} Or raise statement_timeout.` },
  "57": UNREACHABLE,
  "58": UNREACHABLE,
  "25006": {
    code: "sink/rejected",
    what: "is read-only",
    hint: "Connect to the primary server.",
  },
  CONNECTION_CLOSED: UNREACHABLE,
  CONNECTION_ENDED: UNREACHABLE,
  CONNECTION_DESTROYED: UNREACHABLE,
  CONNECT_TIMEOUT: UNREACHABLE,
  ECONNREFUSED: UNREACHABLE,
  ECONNRESET: UNREACHABLE,
  ECONNABORTED: UNREACHABLE,
  EPIPE: UNREACHABLE,
  ETIMEDOUT: UNREACHABLE,
  EHOSTUNREACH: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  ENOTFOUND: UNREACHABLE,
  EAI_AGAIN: UNREACHABLE,
  ENOENT: UNREACHABLE,
};

/** Also what a server leaves behind that stops in the middle of the handshake: worth a retry. */
const NO_TLS: Meaning = {
  code: "sink/unreachable",
  what: "did not answer in TLS",
  hint: "If the server has no TLS, set sslmode to prefer or disable.",
  retryable: true,
};

const TLS_CODE = /CERT|TLS|SSL|SELF_SIGNED|ISSUER|EPROTO/;

function meaningOf(code: string): Meaning {
  return MEANINGS[code] ?? (TLS_CODE.test(code) ? TLS : MEANINGS[code.slice(0, 2)] ?? REJECTED);
}

const SHOWN_chars = 300;

/** What an error of the driver or the server means to the user; the password is never in it. */
export function explainPostgresError(
  error: unknown,
  settings: ConnectionSettings,
  scope: WriteScope,
): FlowctlError {
  if (error instanceof FlowctlError) return error;
  const field = (name: string) => {
    const value: unknown = error instanceof Object ? Reflect.get(error, name) : undefined;
    return typeof value === "string" ? value : "";
  };
  if (field("code") === "23505" && field("table_name") === "_flowctl_checkpoints") {
    return new FlowctlError("state/locked", "another run began to write for the same sink", {
      hint: "Another run of this pipeline writes to the same database: stop one of them.",
      cause: error,
    });
  }
  const noTls = messageOf(error).includes("before secure TLS connection");
  const meaning = noTls ? NO_TLS : meaningOf(field("code"));
  const details = [messageOf(error) || field("code"), field("detail"), field("where")]
    .filter((text) => text !== "").map((text) => text.slice(0, SHOWN_chars));
  const told = `PostgreSQL at ${nameOf(settings)} ${meaning.what}${describeScope(scope)}: ` +
    details.join("; ").replace(/\s*\n\s*/g, " ");
  return new FlowctlError(meaning.code, withoutSecret(told, settings.password), {
    hint: meaning.hint,
    retryable: meaning.retryable ?? false,
    cause: error,
  });
}

/** `host:port/database`, without user and password. */
export function nameOf({ addresses, database }: ConnectionSettings): string {
  const hosts = addresses.map(({ host, port }) => `${host}:${port}`).join(",");
  return `${hosts}/${database}`;
}

function withoutSecret(text: string, secret: string): string {
  return secret === "" ? text : text.replaceAll(secret, "***");
}
