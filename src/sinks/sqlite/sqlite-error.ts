import { sqliteFailure } from "../../runtime/sqlite.ts";
import { FlowctlError, messageOf } from "../../spec/errors.ts";
import { describeScope } from "../sql/scope.ts";
import type { WriteScope } from "../sql/store.ts";

/** What an error of SQLite, or of the folder of its file, means to the user. */
export function explainSqliteError(error: unknown, path: string, scope: WriteScope): FlowctlError {
  if (error instanceof FlowctlError) return error;
  const message = messageOf(error);
  switch (sqliteFailure(error)) {
    case "busy":
      return new FlowctlError("sink/unreachable", `${path} is locked by another process`, {
        hint: "End the other program that writes to it, or raise busy_timeout.",
        retryable: true,
        cause: error,
      });
    case "full":
      return new FlowctlError("sink/disk-full", `no space left on the disk of ${path}`, {
        hint: "Free some space and run again: the run goes on from the last checkpoint.",
        cause: error,
      });
    case "foreign":
      return new FlowctlError("sink/rejected", `${path} is not an SQLite database`, {
        hint: "Choose another path; flowctl does not overwrite the file.",
        cause: error,
      });
    case "damaged":
      return new FlowctlError("state/output-damaged", `${path} is damaged: ${message}`, {
        hint: "Restore it from a copy, or remove it and run with --reset.",
        cause: error,
      });
    case "read-only":
      return noPermission(path, error);
    case "other":
      break;
  }
  // ENOENT: so Node calls a folder that cannot be made on a read-only disk.
  if (/unable to open database file|EACCES|EPERM|EROFS|ENOENT/.test(message)) {
    return noPermission(path, error);
  }
  if (/ENOSPC|EDQUOT/.test(message)) {
    return new FlowctlError("sink/disk-full", `no space left on the disk of ${path}`, {
      hint: "Free some space and run again.",
      cause: error,
    });
  }
  return new FlowctlError(
    "sink/rejected",
    `SQLite rejected rows for ${path}${describeScope(scope)}: ${message}`,
    { hint: hintFor(message), cause: error },
  );
}

function noPermission(path: string, cause: unknown): FlowctlError {
  return new FlowctlError("sink/rejected", `cannot open ${path} for writing`, {
    hint: "Choose a path in a folder that this user may write to.",
    cause,
  });
}

function hintFor(message: string): string {
  return message.includes("ON CONFLICT clause does not match")
    ? "The table needs a primary key or a unique index on the event id column."
    : "Look at the table's constraints and triggers; rows before these ledgers are committed.";
}
