/** Runs, agents and commands against a control plane behind TLS, as processes. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Authority } from "./support/certificates.ts";
import { makeAuthority, opensslMissing } from "./support/certificates.ts";
import { flowctl, startFlowctl } from "./support/flowctl.ts";
import { interrupted, startServerIn, until, writePipeline } from "./support/run-pipeline.ts";
import { freePort } from "./support/server-process.ts";
import { temporaryFolder } from "./support/temporary.ts";

const skip = opensslMissing !== false;
const because = skip ? ` (skipped: ${opensslMissing})` : "";
const WARNING = /Failed to connect to flowctl, continuing without integration/;

interface Place {
  readonly cwd: string;
  readonly server: string;
  readonly authority: Authority;
  /** Options of the server's own certificate. */
  readonly certified: readonly string[];
}

async function placeIn(cwd: string): Promise<Place & { readonly port: number }> {
  const authority = makeAuthority(cwd);
  const { certFile, keyFile } = authority.issue("server", "/CN=server", "IP:127.0.0.1");
  const port = await freePort();
  const certified = ["--tls-cert", certFile, "--tls-key", keyFile];
  return { cwd, port, server: `https://127.0.0.1:${port}`, authority, certified };
}

/** A command with its exit status looked at; nothing of the caller's own settings is used. */
async function ask({ cwd, server }: Place, args: readonly string[], status = 0) {
  const env = { FLOWCTL_SERVER: "", FLOWCTL_TOKEN: "", FLOWCTL_CONFIG_FILE: "none.yaml" };
  const done = await flowctl([...args, "--server", server], { cwd, env });
  assert.equal(done.status, status, `${args.join(" ")}: ${done.stderr}`);
  return done;
}

async function statusesOf(place: Place, credentials: readonly string[]) {
  const list = ["pipelines", "runs", "--output", "json", ...credentials];
  const { runs } = JSON.parse((await ask(place, list)).stdout) as {
    readonly runs: readonly { readonly pipeline: string; readonly status: string }[];
  };
  return runs.map(({ pipeline, status }) => `${pipeline} ${status}`).sort();
}

test(`a run and an agent report over TLS with a token${because}`, { skip }, async () => {
  using folder = temporaryFolder();
  const place = await placeIn(folder.path);
  const { cwd, port, authority } = place;
  const token = async (role: string) =>
    (await flowctl(
      ["token", "create", "--name", role, "--role", role, "--data-dir", "server"],
      { cwd },
    )).stdout.trim();
  const [agent, viewer] = [await token("agent"), await token("viewer")];
  await using _server = await startServerIn(cwd, port, place.certified);
  const trust = ["--tls-ca", authority.caFile];
  const run = (name: string, ...args: string[]) =>
    ask(place, ["run", writePipeline(cwd, { ledgers: 10 }, name), ...args]);

  const told = await run("told", ...trust, "--token", agent);
  assert.doesNotMatch(told.stderr, WARNING);
  // Each runs to its end all the same, and says once why it is not seen.
  const strange = await run("strange", "--token", agent);
  assert.equal(strange.stderr.match(new RegExp(WARNING, "g"))?.length, 1, strange.stderr);
  const wrong = await run("wrong", ...trust, "--token", viewer);
  assert.match(wrong.stderr, WARNING);
  assert.match(wrong.stderr, /check the token and its role/);
  assert.ok(!wrong.stderr.includes(viewer), "a token is never shown");
  const look = [...trust, "--token", viewer];
  assert.deepEqual(await statusesOf(place, look), ["told completed"]);

  const node = startFlowctl(
    ["agent", "--name", "edge", "--server", place.server, ...trust, "--token", agent],
    { cwd },
  );
  try {
    await until(
      "the agent has joined",
      async () => (await ask(place, ["agents", ...look])).stdout.includes("edge"),
    );
  } finally {
    await interrupted(node);
  }
  const refused = await ask(place, ["services", ...trust], 1);
  assert.match(refused.stderr, /does not let this caller in/);
  const untrusted = await ask(place, ["services", "--token", viewer], 1);
  assert.match(untrusted.stderr, /does not answer/);
});

test(
  `a run reports over mutual TLS, by the role of its certificate${because}`,
  { skip },
  async () => {
    using folder = temporaryFolder();
    const place = await placeIn(folder.path);
    const { cwd, port, authority } = place;
    const mutual = [
      ...place.certified,
      "--tls-ca",
      authority.caFile,
      "--tls-role",
      "ou:look=viewer",
    ];
    await using _server = await startServerIn(cwd, port, mutual);
    const withCertificate = (name: string, subject: string) => {
      const { certFile, keyFile } = authority.issue(name, subject);
      return ["--tls-ca", authority.caFile, "--tls-cert", certFile, "--tls-key", keyFile];
    };
    const node = withCertificate("node", "/CN=node-1");
    const viewer = withCertificate("viewer", "/OU=look/CN=me");
    const run = (name: string, ...args: string[]) =>
      ask(place, ["run", writePipeline(cwd, { ledgers: 10 }, name), ...args]);

    assert.doesNotMatch((await run("told", ...node)).stderr, WARNING);
    assert.match((await run("bare", "--tls-ca", authority.caFile)).stderr, WARNING);
    assert.match((await run("looking", ...viewer)).stderr, /check the token and its role/);
    assert.deepEqual(await statusesOf(place, viewer), ["told completed"]);
  },
);
