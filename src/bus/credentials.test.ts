import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { nkeys } from "@nats-io/transport-node";
import { type Authority, makeAuthority, opensslMissing } from "../../tests/support/certificates.ts";
import { silent } from "../../tests/support/flow.ts";
import { makeOperator } from "../../tests/support/nats-operator.ts";
import { natsMissing, type NatsServer, startNats } from "../../tests/support/nats.ts";
import { temporaryFolder } from "../../tests/support/temporary.ts";
import { FlowctlError } from "../spec/errors.ts";
import { openBus } from "./connection.ts";
import type { BusCredentials } from "./options.ts";

/** A refusal is answered at once; a wrong one is tried again, which is seen twice in this time. */
const REFUSED_ms = 700;
/** Bun does not hear a server that refuses after the TLS handshake: the connect times out. */
const REFUSED_LATE_ms = 6_000;
const SECRET = "s3cr:et/p@ss%";

interface Way {
  readonly servers: string;
  readonly credentials?: BusCredentials;
}

/** Whether JetStream answers, and what was logged. */
async function tryOut(way: Way, timeout_ms = 5_000): Promise<{ works: boolean; said: string }> {
  const lines: string[] = [];
  const note = (message: string, fields?: object) =>
    void lines.push(`${message} ${JSON.stringify(fields ?? {})}`);
  const log = { ...silent, debug: note, info: note, warn: note, error: note };
  const bus = await openBus({ name: "test", ...way }, log);
  try {
    const nats = await bus.connected(timeout_ms);
    const account = await nats?.jsm.getAccountInfo();
    return { works: account !== undefined, said: lines.join("\n") };
  } finally {
    await bus.close();
  }
}

async function works(way: Way): Promise<void> {
  const { works, said } = await tryOut(way);
  assert.ok(works, said);
  assert.ok(!said.includes(SECRET), said);
}

async function refused(way: Way, because: RegExp, timeout_ms = REFUSED_ms): Promise<void> {
  const { works, said } = await tryOut(way, timeout_ms);
  assert.ok(!works);
  assert.match(said, because);
  assert.ok(!said.includes(SECRET), said);
}

type Body = (server: NatsServer, folder: string) => Promise<void>;

function serverTest(
  name: string,
  missing: string | false,
  config: (folder: string) => string,
  body: Body,
): void {
  if (missing !== false) {
    test(`${name} (skipped: ${missing})`, { skip: true }, () => {});
    return;
  }
  test(name, { timeout: 30_000 }, async () => {
    using folder = temporaryFolder();
    await using server = await startNats({ folder: folder.path, config: config(folder.path) });
    await body(server, folder.path);
  });
}

const withInfo = ({ port }: NatsServer, info: string) => `nats://${info}@127.0.0.1:${port}`;

serverTest(
  "a token, beside the address and in it",
  natsMissing,
  () => `authorization { token: ${JSON.stringify(SECRET)} }`,
  async (server) => {
    await works({ servers: server.url, credentials: { token: SECRET } });
    await works({ servers: withInfo(server, encodeURIComponent(SECRET)) });
    await refused({ servers: server.url, credentials: { token: "no" } }, /[Aa]uthorization/);
    await refused({ servers: server.url }, /[Aa]uthorization/);
  },
);

serverTest(
  "user and password, beside the address and in it",
  natsMissing,
  () => `authorization { user: app, password: ${JSON.stringify(SECRET)} }`,
  async (server) => {
    const password = SECRET;
    await works({ servers: server.url, credentials: { user: "app", password } });
    await works({ servers: withInfo(server, `app:${encodeURIComponent(password)}`) });
    // As people write it, and with the password apart.
    await works({ servers: withInfo(server, `app:${password}`) });
    await works({ servers: withInfo(server, "app"), credentials: { password } });
    // What is beside the address counts.
    await works({ servers: withInfo(server, "app:old"), credentials: { user: "app", password } });
    await refused({ servers: withInfo(server, "app:no") }, /[Aa]uthorization/);
  },
);

const key = nkeys.createUser();
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

serverTest(
  "an nkey",
  natsMissing,
  () => `authorization { users: [{ nkey: ${key.getPublicKey()} }] }`,
  async (server, folder) => {
    const nkey_file = join(folder, "user.nk");
    writeFileSync(nkey_file, `${textOf(key.getSeed())}\n`);
    await works({ servers: server.url, credentials: { nkey_file } });
    const other = join(folder, "other.nk");
    writeFileSync(other, textOf(nkeys.createUser().getSeed()));
    await refused({ servers: server.url, credentials: { nkey_file: other } }, /[Aa]uthorization/);
  },
);

const operator = makeOperator();

serverTest("a creds file", natsMissing, () => operator.config, async (server, folder) => {
  const file = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const creds_file = file("user.creds", operator.creds);
  await works({ servers: server.url, credentials: { creds_file } });
  const foreign = file("foreign.creds", makeOperator().creds);
  await refused({ servers: server.url, credentials: { creds_file: foreign } }, /[Aa]uthorization/);
});

let authority: Authority | undefined;

serverTest(
  "TLS, with a certificate of one's own",
  natsMissing !== false ? natsMissing : opensslMissing,
  (folder) => {
    authority = makeAuthority(folder);
    const { certFile, keyFile } = authority.issue("server", "/CN=nats", "IP:127.0.0.1");
    const files = { cert_file: certFile, key_file: keyFile, ca_file: authority.caFile };
    return `tls { ${
      Object.entries(files).map(([name, path]) => `${name}: ${JSON.stringify(path)}`).join(", ")
    }, verify: true }`;
  },
  async ({ port }, folder) => {
    assert.ok(authority);
    const { certFile, keyFile } = authority.issue("agent", "/CN=agent");
    const own = { tls_cert: certFile, tls_key: keyFile };
    const servers = `tls://127.0.0.1:${port}`;
    await works({ servers, credentials: { tls_ca: authority.caFile, ...own } });
    const plain = `nats://127.0.0.1:${port}`;
    await works({ servers: plain, credentials: { tls_ca: authority.caFile, ...own } });
    // The server must be who it should be, and so must we.
    await refused({ servers, credentials: own }, /NATS cannot be reached/);
    const other = makeAuthority(folder, "other");
    await refused({ servers, credentials: { tls_ca: other.caFile, ...own } }, /cannot be reached/);
    const nobody = { tls_ca: authority.caFile };
    await refused({ servers, credentials: nobody }, /cannot be reached/, REFUSED_LATE_ms);
  },
);

serverTest(
  "a server whose certificate is for another address",
  natsMissing !== false ? natsMissing : opensslMissing,
  (folder) => {
    authority = makeAuthority(folder);
    const { certFile, keyFile } = authority.issue("server", "/CN=nats", "IP:127.0.0.2");
    return `tls { cert_file: ${JSON.stringify(certFile)}, key_file: ${JSON.stringify(keyFile)} }`;
  },
  async ({ port }) => {
    assert.ok(authority);
    const credentials = { tls_ca: authority.caFile };
    await refused({ servers: `tls://127.0.0.1:${port}`, credentials }, /cannot be reached/);
    await refused({ servers: `tls://localhost:${port}`, credentials }, /cannot be reached/);
  },
);

serverTest("a server without TLS, where it is asked for", natsMissing, () => "", async (server) => {
  await refused({ servers: `tls://127.0.0.1:${server.port}` }, /cannot be reached/);
});

test("what no retry can mend is said at once, without the secret", async () => {
  using folder = temporaryFolder();
  const nonsense = join(folder.path, "nonsense");
  writeFileSync(nonsense, SECRET);
  const missing = join(folder.path, "missing");
  const cases: readonly [BusCredentials, RegExp][] = [
    [{ nkey_file: missing }, /nkey file for NATS/],
    [{ creds_file: missing }, /creds file for NATS/],
    [{ tls_ca: missing }, /TLS file for NATS/],
    [{ nkey_file: nonsense }, /no nkey seed/],
    [{ creds_file: nonsense }, /no nkey seed/],
    [{ tls_cert: nonsense }, /key missing/],
    [{ tls_key: nonsense }, /certificate missing/],
    [{ password: SECRET }, /a password, but no user/],
  ];
  for (const [credentials, wanted] of cases) {
    await assert.rejects(
      openBus({ servers: "nats://127.0.0.1:1", name: "test", credentials }, silent),
      (error) =>
        error instanceof FlowctlError && error.code === "cli/usage" && wanted.test(error.message) &&
        !error.message.includes(SECRET),
      String(wanted),
    );
  }
});
