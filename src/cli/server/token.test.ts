import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { flowctl } from "../../../tests/support/flowctl.ts";
import { startGuardedServer } from "../../../tests/support/guarded-server.ts";
import { temporaryFolder } from "../../../tests/support/temporary.ts";

describe("flowctl token and audit", () => {
  test("in the store: made, listed, revoked, and written down", async () => {
    using folder = temporaryFolder();
    const run = (...args: string[]) =>
      flowctl([...args, "--data-dir", "data"], { cwd: folder.path, env: { FLOWCTL_SERVER: "" } });
    const made = await run("token", "create", "--name", "first", "--role", "admin");
    assert.equal(made.status, 0, made.stderr);
    assert.match(made.stdout, /^flowctl_[0-9a-f]{12}_[A-Za-z0-9_-]{43}\n$/);
    const secret = made.stdout.trim().slice("flowctl_123456789012_".length);
    const listed = await run("token", "list", "--output", "json");
    const { tokens } = JSON.parse(listed.stdout) as { tokens: Record<string, string>[] };
    assert.equal(tokens.length, 1);
    assert.equal(tokens[0]?.["status"], "valid");
    assert.ok(!listed.stdout.includes(secret), "the secret is shown once");
    // A whole token is as good as its id.
    assert.equal((await run("token", "revoke", made.stdout.trim())).status, 0);
    assert.match((await run("token", "list")).stdout, /first +admin +revoked/);
    const audit = await run("audit");
    assert.match(audit.stdout, /CreateToken +first +done/);
    assert.match(audit.stdout, /RevokeToken +[0-9a-f]{12} +done/);
    assert.ok(!audit.stdout.includes(secret));
  });

  test("at a server: an admin may, others are told why not", async () => {
    const server = await startGuardedServer();
    using folder = temporaryFolder();
    try {
      const run = (token: string, ...args: string[]) =>
        flowctl([...args, "--server", server.url], {
          cwd: folder.path,
          env: { FLOWCTL_TOKEN: token },
        });
      const admin = await server.token("admin");
      const viewer = await server.token("viewer");
      const create = ["token", "create", "--name", "n", "--role", "agent", "--expires", "90d"];
      assert.equal((await run(admin, ...create)).status, 0);
      const refused = await run(viewer, ...create);
      assert.equal(refused.status, 1);
      assert.match(refused.stderr, /the role viewer may not administer/);
      const without = await run("", "token", "list");
      assert.equal(without.status, 1);
      assert.match(without.stderr, /does not let this caller in/);
      assert.match(without.stderr, /--token or FLOWCTL_TOKEN/);
      assert.match((await run(admin, "token", "list")).stdout, /n +agent +valid/);

      const env = { FLOWCTL_SERVER: "", FLOWCTL_TOKEN: "", XDG_CONFIG_HOME: folder.path };
      const here = (...args: string[]) => flowctl(args, { cwd: folder.path, env });
      const context = ["context", "add", "here", "--server", server.url, "--token", admin];
      assert.equal((await here(...context)).status, 0);
      await here("context", "use", "here");
      assert.match((await here("token", "list")).stdout, /n +agent +valid/);
      assert.match((await here("audit", "--context", "here")).stdout, /CreateToken/);
      const store = await here("token", "list", "--data-dir", "data");
      assert.match(store.stdout, /no tokens/, "a store that is named wins over the context");
      const both = await here("token", "list", "--data-dir", "data", "--server", server.url);
      assert.equal(both.status, 2);
    } finally {
      await server.stop();
    }
  });

  test("what cannot be is bad usage", async () => {
    using folder = temporaryFolder();
    for (
      const args of [
        ["token", "create", "--name", "x", "--role", "root"],
        ["token", "create", "--name", "x", "--role", "viewer", "--expires", "soon"],
        ["audit", "--since", "yesterday"],
        ["token", "list", "--store", "memory"],
      ]
    ) {
      const { status, stderr } = await flowctl(args, {
        cwd: folder.path,
        env: { FLOWCTL_SERVER: "" },
      });
      assert.equal(status, 2, `${args.join(" ")}: ${stderr}`);
      assert.ok(!/\bat .*\.ts:\d+/.test(stderr), "no stack");
    }
  });
});
