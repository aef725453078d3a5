import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { PostgresServer } from "../../../tests/support/postgres.ts";
import { postgresMissing, postgresServer } from "../../../tests/support/postgres.ts";
import { postgresTarget } from "../../../tests/support/postgres-target.ts";
import { createSink, failsWith } from "../../../tests/support/sql-sink-contract.ts";
import { transferBatch } from "../../../tests/support/sql-sink-contract.ts";
import { postgres } from "./postgres.ts";

const noOpenssl = spawnSync("openssl", ["version"]).status !== 0 && "openssl is not installed";
const missing = postgresMissing || noOpenssl;

/** A self-signed certificate for `localhost`, and one that the server does not have. */
function certificates(folder: string): { cert: string; key: string; other: string } {
  const make = (name: string) => {
    const [cert, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
    const done = spawnSync("openssl", [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
      ...["-nodes", "-days", "2", "-subj", `/CN=${name}`],
      ...["-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert],
    ], { encoding: "utf8" });
    assert.equal(done.status, 0, done.stderr);
    return { cert, key };
  };
  return { ...make("server"), other: make("other").cert };
}

/** Gives the server its certificate through its own file functions: its folder is its own. */
function turnTlsOn(server: PostgresServer, cert: string, key: string): void {
  const write = (path: string, name: string) => {
    const text = readFileSync(path, "utf8").replaceAll("\n", "\\n");
    server.psql(
      `COPY (SELECT 1) TO PROGRAM $$cat > /dev/null; umask 077; printf -- '${text}' > "$PWD/${name}"$$`,
    );
  };
  write(cert, "server.crt");
  write(key, "server.key");
  server.psql("ALTER SYSTEM SET ssl = on");
  server.psql("SELECT pg_reload_conf(); SELECT pg_sleep(0.3)");
}

if (missing) {
  test(`postgres: sslmode is kept to (skipped: ${missing})`, { skip: true }, () => {});
} else {
  test("postgres: sslmode is kept to", async () => {
    const server = await postgresServer();
    const folder = mkdtempSync(join(tmpdir(), "flowctl-tls-"));
    const target = postgresTarget(server);
    const plain = String(target.config["connection_string"]).replace("?sslmode=disable", "");

    async function usesTls(parameters: string, host = "localhost"): Promise<string | null> {
      const connection_string = `${plain.replace("127.0.0.1", host)}?${parameters}`;
      const sink = await createSink({ definition: postgres }, { config: { connection_string } });
      try {
        await sink.open();
        await sink.write(transferBatch(4));
        const [row] = await target.query(`SELECT ssl::text FROM pg_stat_ssl
          JOIN pg_stat_activity USING (pid) WHERE application_name = 'flowctl'
          AND datname = current_database()`);
        await sink.commit("final");
        return row?.[0] ?? null;
      } finally {
        await sink.close();
      }
    }

    try {
      // A server without TLS.
      server.psql("ALTER SYSTEM SET ssl = off");
      server.psql("SELECT pg_reload_conf(); SELECT pg_sleep(0.3)");
      assert.equal(await usesTls(""), "false");
      await assert.rejects(
        () => usesTls("sslmode=require"),
        failsWith("sink/unreachable", /did not answer in TLS/, /sslmode/),
      );
      const { cert, key, other } = certificates(folder);
      turnTlsOn(server, cert, key);
      assert.equal(await usesTls("sslmode=disable"), "false");
      assert.equal(await usesTls(""), "true");
      assert.equal(await usesTls("sslmode=require"), "true");
      assert.equal(await usesTls(`sslmode=verify-full&sslrootcert=${cert}`), "true");
      assert.equal(await usesTls(`sslmode=verify-ca&sslrootcert=${cert}`, "127.0.0.1"), "true");
      const untrusted = failsWith("sink/rejected", /certificate that cannot be trusted/);
      await assert.rejects(() => usesTls("sslmode=verify-full"), untrusted);
      await assert.rejects(() => usesTls(`sslmode=verify-ca&sslrootcert=${other}`), untrusted);
      await assert.rejects(
        () => usesTls(`sslmode=verify-full&sslrootcert=${cert}`, "127.0.0.1"),
        untrusted,
      );
    } finally {
      server.psql("ALTER SYSTEM RESET ssl");
      server.psql("SELECT pg_reload_conf()");
      await target.dispose();
      rmSync(folder, { recursive: true, force: true });
    }
  });
}
