import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { FlowctlError } from "../../spec/errors.ts";
import { AUDIENCE, startIssuer } from "../../../tests/support/issuer.ts";
import type { Issuer } from "../../../tests/support/issuer.ts";
import { createOidc, KEYS_COOLDOWN_MS } from "./oidc.ts";
import type { OidcOptions } from "./oidc.ts";

let issuer: Issuer;
let now = 0;
const clock = { now: () => Date.now(), monotonic: () => now };

before(async () => {
  issuer = await startIssuer();
});
after(() => issuer.stop());

const oidc = (options: Partial<OidcOptions> = {}) =>
  createOidc({ issuer: issuer.url, audience: AUDIENCE, ...options }, clock);

const seconds = () => Math.floor(Date.now() / 1_000);

describe("JWTs of an OIDC issuer", () => {
  test("the claim gives the role, the strongest of several", async () => {
    const verify = oidc().verify;
    const roleFor = async (role: unknown) => {
      const found = await verify(await issuer.sign({ role }));
      return found !== undefined && "principal" in found ? found.principal : found;
    };
    assert.deepEqual(await roleFor("operator"), { actor: "someone", role: "operator", via: "jwt" });
    const strongest = await roleFor(["viewer", "x", "admin", 7]);
    assert.ok(strongest !== undefined && "role" in strongest && strongest.role === "admin");
    for (const none of [undefined, "root", 1, null, { admin: true }, []]) {
      const refused = await roleFor(none);
      assert.ok(refused !== undefined && "refused" in refused, JSON.stringify(none));
    }
  });

  test("a claim inside objects, and values of the issuer's own", async () => {
    const verify = oidc({ role_claim: "realm.groups", roles: { "flow-ops": "operator" } }).verify;
    const found = await verify(await issuer.sign({ realm: { groups: ["staff", "flow-ops"] } }));
    assert.ok(found !== undefined && "principal" in found && found.principal.role === "operator");
    const plain = await verify(await issuer.sign({ role: "admin" }));
    assert.ok(plain !== undefined && "refused" in plain);
  });

  test("expired, early, for others, by others, unsigned or with a shared secret: none is valid", async () => {
    const verify = oidc().verify;
    const claims = { iss: issuer.url, aud: AUDIENCE, sub: "x", role: "admin", exp: seconds() + 60 };
    const { privateKey } = await generateKeyPair("ES256");
    const wrong = [
      await issuer.sign({ role: "admin", exp: seconds() - 61 }),
      await issuer.sign({ role: "admin", nbf: seconds() + 120 }),
      await issuer.sign({ role: "admin", aud: "another-service" }),
      await issuer.sign({ role: "admin", iss: "https://evil.example" }),
      await issuer.sign({ role: "admin", exp: undefined as unknown as number }),
      await new SignJWT(claims).setProtectedHeader({ alg: "ES256", kid: "key-1" }).sign(privateKey),
      await new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(new Uint8Array(32)),
      new UnsecuredJWT(claims).encode(),
      "a.b.c",
      "",
    ];
    for (const [index, token] of wrong.entries()) {
      assert.equal(await verify(token), undefined, `token ${index}`);
    }
    const late = await verify(await issuer.sign({ role: "admin", exp: seconds() - 30 }));
    assert.ok(late !== undefined, "clocks may differ by a minute");
  });

  test("keys are read once, and a forger's key ids do not make them read for each call", async () => {
    const verify = oidc().verify;
    const before = issuer.keyRequests;
    for (let call = 0; call < 20; call++) await verify(await issuer.sign({ role: "viewer" }));
    const { privateKey } = await generateKeyPair("ES256");
    for (let call = 0; call < 20; call++) {
      const forged = new SignJWT({ sub: "x" }).setProtectedHeader({
        alg: "ES256",
        kid: `k${call}`,
      });
      assert.equal(await verify(await forged.sign(privateKey)), undefined);
    }
    assert.equal(issuer.keyRequests - before, 1);
  });

  test("an issuer that is away is said so, asked at most every two seconds, and found again", async () => {
    const verify = oidc().verify;
    const token = await issuer.sign({ role: "viewer" });
    issuer.setAway(true);
    const isAway = (error: unknown) =>
      error instanceof FlowctlError && error.code === "control/issuer-unreachable" &&
      error.retryable;
    await assert.rejects(verify(token), isAway);
    issuer.setAway(false);
    await assert.rejects(verify(token), isAway, "not asked again yet");
    now += 2_000;
    assert.ok(await verify(token));
  });

  test("a new key is found by the verifier that knew the old one, after the real cooldown", {
    timeout: 30_000,
  }, async () => {
    const { verify } = oidc();
    const old = await issuer.sign({ role: "viewer" });
    assert.ok(await verify(old));
    await issuer.rotate();
    const fresh = await issuer.sign({ role: "operator" });
    const before = issuer.keyRequests;
    assert.equal(await verify(fresh), undefined, "its key is not read for yet");
    assert.ok(await verify(old), "meanwhile the keys that were read count");
    assert.equal(issuer.keyRequests, before);
    await sleep(KEYS_COOLDOWN_MS + 200);
    const found = await verify(fresh);
    assert.ok(found !== undefined && "principal" in found && found.principal.role === "operator");
    assert.equal(await verify(old), undefined, "the key that the issuer took back counts no more");
    assert.equal(issuer.keyRequests, before + 1);
  });
});
