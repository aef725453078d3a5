/** Mutual TLS: a certificate of the authority is who calls. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { parseCertificateRule } from "../src/control/auth/certificates.ts";
import { AccessService } from "../src/gen/proto/flowctl/control/v1/access_pb.js";
import { ControlPlane } from "../src/gen/proto/flowctl/control_plane_pb.js";
import { makeAuthority, opensslMissing } from "./support/certificates.ts";
import type { Authority, Certificate } from "./support/certificates.ts";
import { startGuardedServer } from "./support/guarded-server.ts";
import type { GuardedServer } from "./support/guarded-server.ts";
import { temporaryFolder } from "./support/temporary.ts";

const skip = opensslMissing !== false;
const because = skip ? ` (skipped: ${opensslMissing})` : "";

describe(`mutual TLS${because}`, { skip }, () => {
  const folder = temporaryFolder();
  let authority: Authority;
  let stranger: Authority;
  let server: GuardedServer;

  before(async () => {
    authority = makeAuthority(folder.path);
    stranger = makeAuthority(folder.path, "stranger");
    const own = authority.issue("server", "/CN=localhost", "DNS:localhost,IP:127.0.0.1");
    server = await startGuardedServer({
      tls: { ...own, ca: authority.ca },
      certificates: {
        rules: ["alice=admin", "ou:readers=viewer", "san:spiffe://fleet/ops=operator"]
          .map(parseCertificateRule),
        byDefault: "agent",
      },
    });
  });
  after(async () => {
    await server.stop();
    folder[Symbol.dispose]();
  });

  const nodeOptions = (own?: Certificate) => ({
    ca: authority.ca,
    ...(own === undefined ? {} : { cert: own.cert, key: own.key }),
  });
  const transports = {
    "gRPC": (own?: Certificate) =>
      createGrpcTransport({ baseUrl: server.url, nodeOptions: nodeOptions(own) }),
    "Connect over HTTP/1.1": (own?: Certificate) =>
      createConnectTransport({
        baseUrl: server.url,
        httpVersion: "1.1",
        nodeOptions: nodeOptions(own),
      }),
  };

  for (const [protocol, to] of Object.entries(transports)) {
    const rights = async (own: Certificate) => {
      const transport = to(own);
      const calls = {
        read: createClient(ControlPlane, transport).listServices({}),
        report: createClient(ControlPlane, transport).register({ componentId: "x" }),
        operate: createClient(ControlPlane, transport).stopPipelineRun({ runId: "none" }),
        administer: createClient(AccessService, transport).listTokens({}),
      };
      const may: string[] = [];
      for (const [name, call] of Object.entries(calls)) {
        const code = await call.then(() => "ok", (error) => ConnectError.from(error).code);
        if (code === "ok" || code === Code.NotFound) may.push(name);
        else assert.equal(code, Code.PermissionDenied);
      }
      return may;
    };

    test(`${protocol}: the subject and its alternative names give the role`, async () => {
      const all = ["read", "report", "operate", "administer"];
      const issue = (subject: string, names?: string) => authority.issue("client", subject, names);
      assert.deepEqual(await rights(issue("/CN=alice")), all);
      assert.deepEqual(await rights(issue("/OU=readers/CN=bob")), all.slice(0, 1));
      assert.deepEqual(await rights(issue("/CN=x", "URI:spiffe://fleet/ops")), all.slice(0, 3));
      assert.deepEqual(await rights(issue("/CN=node-7")), all.slice(0, 2), "others are agents");
      assert.deepEqual(await rights(issue("/O=nameless")), all.slice(0, 2), "no common name");
      // The rule is for a common name: the same text elsewhere in the certificate is not it.
      assert.deepEqual(await rights(issue("/OU=alice/CN=y", "DNS:alice")), all.slice(0, 2));
    });

    test(`${protocol}: no certificate, or one of another authority, gets no answer`, async () => {
      for (const own of [undefined, stranger.issue("other", "/CN=alice")]) {
        const call = createClient(ControlPlane, to(own)).listServices({}, { timeoutMs: 3_000 });
        await assert.rejects(call, (error) => {
          assert.notEqual(ConnectError.from(error).code, Code.DeadlineExceeded);
          return true;
        });
      }
      const ok = createClient(ControlPlane, to(authority.issue("client", "/CN=alice")));
      await ok.listServices({});
    });
  }
});

test("a rule for certificates is read, or refused", () => {
  assert.deepEqual(parseCertificateRule("a=b=viewer"), {
    field: "cn",
    value: "a=b",
    role: "viewer",
  });
  assert.deepEqual(parseCertificateRule("san:spiffe://x/y=admin"), {
    field: "san",
    value: "spiffe://x/y",
    role: "admin",
  });
  for (const wrong of ["", "alice", "alice=", "=admin", "alice=root", "ou:=admin"]) {
    assert.throws(() => parseCertificateRule(wrong), /no rule for certificates/, wrong);
  }
});
