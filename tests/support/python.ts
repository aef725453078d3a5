/** A Python with pyarrow and duckdb, which read what we write: `FLOWCTL_PYTHON`, else python3. */

import { spawnSync } from "node:child_process";

export const python = process.env["FLOWCTL_PYTHON"] ?? "python3";

const probe = spawnSync(python, ["-c", "import pyarrow.parquet, duckdb"]);

/** False, or the reason for which tests that need them are skipped. */
export const pythonMissing: string | false = probe.status === 0
  ? false
  : `${python} has no pyarrow and duckdb; make a venv with both and name it in FLOWCTL_PYTHON`;
