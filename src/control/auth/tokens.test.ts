import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { openStore } from "../store/open-store.ts";
import type { ControlStore } from "../store/store.ts";
import { createTokens, TOKEN_REFRESH_MS } from "./tokens.ts";

const log = { debug() {}, info() {}, warn() {}, error() {} };

function clockAt(start: number) {
  let now = start;
  return {
    now: () => now,
    monotonic: () => now,
    pass: (ms: number) => void (now += ms),
  };
}

async function setUp() {
  const store = await openStore("memory", "");
  const clock = clockAt(1_000_000);
  return { store, clock, tokens: createTokens(store, clock, log) };
}

describe("tokens", () => {
  test("a token proves its role, and nothing that differs by a character does", async () => {
    const { tokens } = await setUp();
    const { token } = await tokens.create({ name: "n1", role: "agent", expires_in_ms: undefined });
    assert.match(token, /^flowctl_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$/);
    assert.deepEqual(await tokens.verify(token), { actor: "n1", role: "agent", via: "token" });
    for (let at = "flowctl_".length; at < token.length; at++) {
      if (token[at] === "_") continue;
      const other = token[at] === "a" ? "b" : "a";
      const forged = token.slice(0, at) + other + token.slice(at + 1);
      assert.equal(await tokens.verify(forged), undefined, `character ${at}`);
    }
    for (const wrong of ["", "flowctl_", `${token}x`, `x${token}`, token.toUpperCase()]) {
      assert.equal(await tokens.verify(wrong), undefined);
    }
  });

  test("the store holds no secret", async () => {
    const { store, tokens } = await setUp();
    const { token } = await tokens.create({ name: "n", role: "admin", expires_in_ms: undefined });
    const secret = token.slice("flowctl_123456789012_".length);
    assert.ok(!JSON.stringify(await store.listTokens()).includes(secret));
  });

  test("a token ends at its time", async () => {
    const { clock, tokens } = await setUp();
    const { token } = await tokens.create({ name: "n", role: "viewer", expires_in_ms: 60_000 });
    clock.pass(59_999);
    assert.ok(await tokens.verify(token));
    clock.pass(1);
    assert.equal(await tokens.verify(token), undefined);
  });

  test("another server on the store knows a new token at once, a revoked one within seconds", async () => {
    const { store, clock, tokens } = await setUp();
    const other = createTokens(store, clock, log);
    assert.equal(await other.anyMade(), false);
    clock.pass(1_000);
    const { token, record } = await tokens.create({
      name: "n",
      role: "viewer",
      expires_in_ms: undefined,
    });
    assert.ok(await other.verify(token));
    assert.equal(await tokens.revoke(record.id), true);
    assert.equal(await tokens.verify(token), undefined, "where it was revoked, at once");
    clock.pass(TOKEN_REFRESH_MS);
    assert.equal(await other.verify(token), undefined);
    assert.equal(await tokens.revoke("000000000000"), false);
  });

  test("revoking the last token does not open the doors", async () => {
    const { clock, tokens } = await setUp();
    assert.equal(await tokens.anyMade(), false);
    const { record } = await tokens.create({ name: "n", role: "admin", expires_in_ms: 1_000 });
    await tokens.revoke(record.id);
    clock.pass(10_000);
    assert.equal(await tokens.anyMade(), true);
  });

  test("a use noted after another server revoked the token does not bring it back", async () => {
    const { store, clock, tokens } = await setUp();
    const { token, record } = await tokens.create({
      name: "n",
      role: "viewer",
      expires_in_ms: undefined,
    });
    await tokens.anyMade();
    await createTokens(store, clock, log).revoke(record.id);
    assert.ok(await tokens.verify(token), "known here until the store is read again");
    await new Promise((resolve) => setImmediate(resolve));
    const [stored] = await tokens.list();
    assert.equal(stored?.last_used_at_ms, clock.now());
    assert.equal(stored?.revoked, true);
  });

  test("uses are noted once a minute, and never by the call itself", async () => {
    const { store, clock } = await setUp();
    let notes = 0;
    const counting: ControlStore = {
      ...store,
      noteTokenUse: () => (notes++, Promise.reject(new Error("the disk is full"))),
    };
    const tokens = createTokens(counting, clock, log);
    const { token } = await tokens.create({ name: "n", role: "agent", expires_in_ms: undefined });
    for (let second = 0; second < 120; second++) {
      assert.ok(await tokens.verify(token));
      clock.pass(1_000);
    }
    assert.equal(notes, 2);
  });

  test("while the store is away, known tokens work and unknown ones do not", async () => {
    const { store, clock } = await setUp();
    let away = false;
    const tokens = createTokens(
      { ...store, listTokens: () => away ? Promise.reject(new Error("away")) : store.listTokens() },
      clock,
      log,
    );
    const { token } = await tokens.create({ name: "n", role: "agent", expires_in_ms: undefined });
    await tokens.verify(token);
    away = true;
    clock.pass(60_000);
    assert.ok(await tokens.verify(token));
    assert.equal(await tokens.verify(`flowctl_000000000000_${"a".repeat(43)}`), undefined);
    const fresh = createTokens(
      { ...store, listTokens: () => Promise.reject(new Error("away")) },
      clock,
      log,
    );
    await assert.rejects(fresh.anyMade(), /away/);
  });
});
