/** An authority and certificates of it, made with openssl for the length of a test. */

import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const opensslMissing: string | false = spawnSync("openssl", ["version"]).status === 0
  ? false
  : "there is no openssl to make certificates with";

export interface Certificate {
  /** PEM texts. */
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
}

export interface Authority {
  /** PEM text. */
  readonly ca: string;
  readonly caFile: string;
  /** `subject` as openssl writes it (`/CN=x/OU=y`), `names` as in `DNS:a,URI:spiffe://b`. */
  issue(name: string, subject: string, names?: string): Certificate;
}

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

export function makeAuthority(folder: string, name = "ca"): Authority {
  const file = (kind: string) => join(folder, kind);
  const caFile = file(`${name}.pem`);
  const caKey = file(`${name}.key`);
  openssl(
    "req",
    "-x509",
    ...KEY,
    "-keyout",
    caKey,
    "-out",
    caFile,
    "-days",
    "2",
    "-subj",
    "/CN=ca",
  );
  return {
    ca: readFileSync(caFile, "utf8"),
    caFile,
    issue(name, subject, names = "") {
      const [keyFile, request, certFile, extra] = ["key", "csr", "pem", "ext"].map((kind) =>
        file(`${name}.${kind}`)
      ) as [string, string, string, string];
      openssl("req", ...KEY, "-keyout", keyFile, "-out", request, "-subj", subject);
      writeFileSync(extra, names === "" ? "basicConstraints=CA:FALSE" : `subjectAltName=${names}`);
      const by = ["-CA", caFile, "-CAkey", caKey, "-CAcreateserial", "-days", "2"];
      openssl("x509", "-req", "-in", request, ...by, "-out", certFile, "-extfile", extra);
      const read = (path: string) => readFileSync(path, "utf8");
      return { cert: read(certFile), key: read(keyFile), certFile, keyFile };
    },
  };
}

function openssl(...args: readonly string[]): void {
  const { status, stderr } = spawnSync("openssl", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`openssl ${args[0]} failed: ${stderr}`);
}
