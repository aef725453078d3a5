import { FlowctlError, messageOf } from "../../spec/errors.ts";

/** What a failing file operation means to the user; errors that are already ours pass through. */
export function fileError(error: unknown, path: string): FlowctlError {
  if (error instanceof FlowctlError) return error;
  const code = (error as { code?: unknown } | null)?.code;
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return new FlowctlError("sink/disk-full", `no space left on the disk of ${path}`, {
        hint: "Free some space and run again: the run goes on from the last checkpoint.",
        retryable: true,
        cause: error,
      });
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new FlowctlError("sink/rejected", `no permission to write ${path}`, {
        hint: "Choose a path that this user may write to.",
        cause: error,
      });
    case "EISDIR":
    case "ENOTDIR":
      return new FlowctlError("sink/rejected", `${path} is not where a file can be written`, {
        hint: "A folder stands where the file should be, or a file where its folder should be.",
        cause: error,
      });
    default:
      return new FlowctlError("sink/rejected", `cannot write ${path}: ${messageOf(error)}`, {
        cause: error,
      });
  }
}
