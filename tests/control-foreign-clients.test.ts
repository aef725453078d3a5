/** gRPC clients that are not ours, in cleartext, over TLS with a token, and over mutual TLS. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { homedir } from "node:os";
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { makeAuthority, opensslMissing } from "./support/certificates.ts";
import { pythonMissing } from "./support/foreign.ts";
import { startGuardedServer } from "./support/guarded-server.ts";
import type { GuardedServer } from "./support/guarded-server.ts";
import { temporaryFolder } from "./support/temporary.ts";

const FOLDER = join(
  process.env["FLOWCTL_PEERS"] ?? join(homedir(), ".cache", "flowctl", "peers"),
  "foreign",
);
const goProgram = join(FOLDER, "bin", "go-control");
const goMissing = existsSync(goProgram)
  ? false
  : "the Go client is not built: scripts/peers go-control";
const pythonProgram = process.env["FLOWCTL_PYTHON_GRPC"] ?? join(FOLDER, "python", "bin", "python");
const pythonScript = fileURLToPath(new URL("peers/python/control.py", import.meta.url));
const LIMIT_MS = 60_000;
/** A list of them is several megabytes, far beyond HTTP/2's first window. */
const MANY_SERVICES = 10_000;

const clients = [
  { name: "python", command: [pythonProgram, pythonScript], missing: pythonMissing },
  { name: "go", command: [goProgram], missing: goMissing },
] as const;

interface Seen {
  readonly assigned?: string;
  readonly healthy?: boolean;
  readonly metric?: number;
  readonly listed?: number;
  readonly v1?: string;
  readonly v1_listed?: number;
  readonly snapshot?: boolean;
  readonly change?: readonly string[];
  readonly error?: string;
  readonly details?: string;
}

function run(command: readonly string[], env: Readonly<Record<string, string>>): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const [program = "", ...args] = command;
    const child = spawn(program, args, {
      env: { ...process.env, DESCRIPTORS: join(FOLDER, "descriptors.binpb"), ...env },
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
    let [out, err] = ["", ""];
    child.stdout.on("data", (text) => out += String(text));
    child.stderr.on("data", (text) => err += String(text));
    child.once("error", reject);
    child.once("close", () => {
      clearTimeout(timer);
      try {
        resolve(JSON.parse(out) as Seen);
      } catch {
        reject(new Error(`it printed ${out.slice(0, 500)} and ${err.slice(-1_500)}`));
      }
    });
  });
}

const target = (server: GuardedServer) => `localhost:${server.port}`;

function assertAll(seen: Seen, name: string, before: number): void {
  assert.equal(seen.error, undefined, String(seen.details));
  assert.match(seen.assigned ?? "", /^source-/);
  assert.equal(seen.healthy, true);
  assert.equal(seen.metric, 7.5);
  assert.equal(seen.listed, before + 1);
  assert.equal(seen.v1, `${name}-v1`);
  assert.equal(seen.v1_listed, before + 2);
  assert.equal(seen.snapshot, true);
  assert.deepEqual(seen.change, [`${name}-late`]);
}

for (const { name, command, missing } of clients) {
  const skipped = missing || opensslMissing;
  const because = skipped === false ? "" : ` (skipped: ${skipped})`;
  describe(`a gRPC client in ${name}${because}`, { skip: skipped !== false }, () => {
    test("in cleartext: registers, beats, lists and watches over every protocol", async () => {
      const server = await startGuardedServer({ required: false });
      try {
        assertAll(await run(command, { TARGET: target(server) }), name, 0);
        const again = await run(command, { TARGET: target(server) });
        assert.equal(again.listed, 3, "the same identities when it comes again");
      } finally {
        await server.stop();
      }
    });

    test(`a list of ${MANY_SERVICES} services arrives whole`, async () => {
      const server = await startGuardedServer({ required: false });
      try {
        for (let n = 0; n < MANY_SERVICES; n++) {
          server.plane.registry.register({
            component_id: `many-${n}`,
            service_id: "",
            role: "processor",
            input_event_types: ["stellar.ledger.v1"],
            output_event_types: ["some.event.v1"],
            health_endpoint: `http://10.0.0.1:${n}/health`,
            endpoint: "",
            max_inflight: 1,
            name: "",
            description: "one of many",
            version: "1.0.0",
            metadata: { pipeline: `p-${n}`, network: "testnet", more: "x".repeat(200) },
            peer: "10.0.0.1",
          });
        }
        assertAll(await run(command, { TARGET: target(server) }), name, MANY_SERVICES);
      } finally {
        await server.stop();
      }
    });

    test("over TLS: with a token all of it, without or with a wrong one a clear refusal", async () => {
      using folder = temporaryFolder();
      const authority = makeAuthority(folder.path);
      const own = authority.issue("server", "/CN=localhost", "DNS:localhost,IP:127.0.0.1");
      const server = await startGuardedServer({ tls: { ...own, ca: undefined } });
      try {
        const env = { TARGET: target(server), CA: authority.caFile };
        const TOKEN = await server.token("agent");
        assertAll(await run(command, { ...env, TOKEN }), name, 0);
        for (const wrong of ["", `${TOKEN}x`, "nonsense"]) {
          const seen = await run(command, { ...env, TOKEN: wrong });
          assert.match(seen.error ?? "", /^unauthenticated$/i);
          assert.match(seen.details ?? "", /token/);
        }
        const viewer = await run(command, { ...env, TOKEN: await server.token("viewer") });
        assert.match(viewer.error ?? "", /^permission_?denied$/i);
      } finally {
        await server.stop();
      }
    });

    test("over mutual TLS: its certificate is enough", async () => {
      using folder = temporaryFolder();
      const authority = makeAuthority(folder.path);
      const own = authority.issue("server", "/CN=localhost", "DNS:localhost,IP:127.0.0.1");
      const server = await startGuardedServer({ tls: { ...own, ca: authority.ca } });
      try {
        const client = authority.issue("client", "/CN=node-1");
        const env = { TARGET: target(server), CA: authority.caFile };
        const files = { CERT: client.certFile, KEY: client.keyFile };
        assertAll(await run(command, { ...env, ...files }), name, 0);
        assert.match((await run(command, env)).error ?? "", /^unavailable$/i);
      } finally {
        await server.stop();
      }
    });
  });
}
