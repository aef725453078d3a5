/** Who may call the control plane: tokens and roles, over every protocol and REST. */

import assert from "node:assert/strict";
import { get } from "node:http";
import { after, before, describe, test } from "node:test";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import type { Interceptor, Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { capabilityOf, RPC_PERMISSIONS } from "../src/control/auth/permissions.ts";
import { ACCESS_ROLES } from "../src/control/auth/principal.ts";
import type { AccessRole } from "../src/control/model.ts";
import { restRoutes } from "../src/control/rest/app.ts";
import { AccessService } from "../src/gen/proto/flowctl/control/v1/access_pb.js";
import { ServicesService } from "../src/gen/proto/flowctl/control/v1/services_pb.js";
import { ControlPlane } from "../src/gen/proto/flowctl/control_plane_pb.js";
import { controlServices } from "./support/control-services.ts";
import { startGuardedServer } from "./support/guarded-server.ts";
import type { GuardedServer } from "./support/guarded-server.ts";

let server: GuardedServer;
const tokens = new Map<AccessRole, string>();

before(async () => {
  server = await startGuardedServer();
  for (const role of ACCESS_ROLES) tokens.set(role, await server.token(role));
});
after(() => server.stop());

const transports: Readonly<Record<string, (url: string, headers: HeadersInit) => Transport>> = {
  "gRPC": (baseUrl, headers) => createGrpcTransport({ baseUrl, interceptors: [adding(headers)] }),
  "gRPC-Web": (baseUrl, headers) =>
    createGrpcWebTransport({ baseUrl, httpVersion: "1.1", interceptors: [adding(headers)] }),
  "Connect, HTTP/1.1": (baseUrl, headers) =>
    createConnectTransport({ baseUrl, httpVersion: "1.1", interceptors: [adding(headers)] }),
  "Connect, HTTP/2": (baseUrl, headers) =>
    createConnectTransport({ baseUrl, httpVersion: "2", interceptors: [adding(headers)] }),
};

function adding(headers: HeadersInit): Interceptor {
  return (next) => (request) => {
    new Headers(headers).forEach((value, name) => request.header.set(name, value));
    return next(request);
  };
}

const bearer = (role: AccessRole) => ({ authorization: `Bearer ${tokens.get(role)}` });

async function codeOf(call: Promise<unknown>): Promise<Code | "ok"> {
  try {
    await call;
    return "ok";
  } catch (error) {
    return ConnectError.from(error).code;
  }
}

for (const [protocol, transport] of Object.entries(transports)) {
  describe(`access over ${protocol}`, () => {
    test("without a token, with a wrong one or a wrong scheme: unauthenticated, and not echoed", async () => {
      const wrong = `flowctl_0123456789ab_${"s".repeat(43)}`;
      for (
        const headers of [
          {},
          { authorization: `Bearer ${wrong}` },
          { authorization: "Basic YTpi" },
          {
            authorization: "Bearer eyJhbGciOiJub25lIn0.eyJyb2xlIjoiYWRtaW4ifQ.",
          },
        ]
      ) {
        const client = createClient(ControlPlane, transport(server.url, headers));
        const error = await client.listServices({}).then(
          () => assert.fail("it was let in"),
          (thrown: unknown) => ConnectError.from(thrown),
        );
        assert.equal(error.code, Code.Unauthenticated);
        assert.ok(!error.message.includes("ssss"), error.message);
      }
    });

    test("each role may what it may, and is told so otherwise", async () => {
      const may: Record<AccessRole, readonly string[]> = {
        viewer: ["read"],
        agent: ["read", "report"],
        operator: ["read", "report", "operate"],
        admin: ["read", "report", "operate", "administer"],
      };
      for (const role of ACCESS_ROLES) {
        const to = transport(server.url, bearer(role));
        const registry = createClient(ControlPlane, to);
        const tried = {
          read: await codeOf(registry.listServices({})),
          report: await codeOf(registry.register({ componentId: `c-${role}` })),
          operate: await codeOf(registry.stopPipelineRun({ runId: "none" })),
          administer: await codeOf(createClient(AccessService, to).listTokens({})),
        };
        for (const [capability, code] of Object.entries(tried)) {
          const allowed = may[role].includes(capability);
          const expected = !allowed
            ? Code.PermissionDenied
            : capability === "operate"
            ? Code.NotFound
            : "ok";
          assert.equal(code, expected, `${role} tries to ${capability}`);
        }
      }
    });

    test("a stream is refused as a call is", async () => {
      const client = createClient(ServicesService, transport(server.url, {}));
      const read = async () => {
        for await (const _ of client.watchServices({})) return;
      };
      assert.equal(await codeOf(read()), Code.Unauthenticated);
    });

    test("a token that was revoked is refused from then on", async () => {
      const token = await server.token("viewer");
      const client = createClient(
        ControlPlane,
        transport(server.url, { authorization: `bearer ${token}` }),
      );
      assert.equal(await codeOf(client.listServices({})), "ok");
      const admin = createClient(AccessService, transport(server.url, bearer("admin")));
      await admin.revokeToken({ id: token.split("_")[1]! });
      assert.equal(await codeOf(client.listServices({})), Code.Unauthenticated);
    });
  });
}

describe("access", () => {
  test("every call of every service has its place in the table, and the table no other", async () => {
    const known = await controlServices();
    assert.ok(known.length >= 7);
    const declared = known.flatMap((service) =>
      service.methods.map((method) => `${service.typeName}/${method.name}`)
    );
    const listed = Object.entries(RPC_PERMISSIONS).flatMap(([service, methods]) =>
      Object.keys(methods).map((method) => `${service}/${method}`)
    );
    assert.deepEqual(declared.filter((call) => !listed.includes(call)), [], "not in the table");
    assert.deepEqual(listed.filter((call) => !declared.includes(call)), [], "not declared");
  });

  test("every REST route needs a token but those of probes and the documentation", async () => {
    const routes = restRoutes(server.rest).routes.filter(({ method }) => method !== "ALL");
    assert.ok(routes.length >= 5, "there are routes to try");
    const open = ["/health", "/healthz", "/livez", "/readyz", "/openapi.json", "/docs"];
    for (const { method, path } of routes) {
      const concrete = path.replace(/:[^/]+/g, "x");
      const response = await fetch(server.url + concrete, { method });
      await response.body?.cancel();
      if (open.includes(path)) assert.notEqual(response.status, 401, path);
      else assert.equal(response.status, 401, `${method} ${path}`);
      const reading = method === "GET" || method === "HEAD";
      const needed = open.includes(path) ? undefined : reading ? "read" : "operate";
      assert.equal(capabilityOf(method, concrete), needed, `${method} ${path}`);
    }
  });

  test("paths that only look like an open one are closed", async () => {
    for (const path of ["/healthz/../api/services", "//healthz", "/HEALTHZ", "/%68ealthz"]) {
      assert.equal(capabilityOf("GET", path), "read", path);
    }
    const response = await fetch(`${server.url}/healthz?x=1`);
    await response.body?.cancel();
    assert.notEqual(response.status, 401, "a query does not close an open path");
  });

  test("REST tells unauthenticated from forbidden", async () => {
    const ask = async (headers: HeadersInit, method = "GET") => {
      const response = await fetch(`${server.url}/api/services`, { headers, method });
      return { status: response.status, text: await response.text() };
    };
    assert.equal((await ask({})).status, 401);
    assert.equal((await ask(bearer("viewer"))).status, 200);
    const denied = await ask(bearer("viewer"), "POST");
    assert.equal(denied.status, 403);
    assert.match(denied.text, /role viewer may not operate/);
  });

  test("changes and refused changes are in the audit log, reading and beating are not", async () => {
    const to = createConnectTransport({
      baseUrl: server.url,
      httpVersion: "1.1",
      interceptors: [adding(bearer("admin"))],
    });
    const client = createClient(AccessService, to);
    const { token } = await client.createToken({ name: "audited", role: "viewer" });
    const viewer = createClient(
      ControlPlane,
      createConnectTransport({
        baseUrl: server.url,
        httpVersion: "1.1",
        interceptors: [adding(bearer("viewer"))],
      }),
    );
    await codeOf(viewer.stopPipelineRun({ runId: "r" }));
    const { entries } = await client.listAudit({ limit: 1_000 });
    const made = entries.find((entry) => entry.subject === "audited");
    assert.equal(made?.actor, "the admin");
    assert.equal(made?.outcome, "done");
    assert.equal(made?.peer, "127.0.0.1");
    const refused = entries.find((entry) => entry.actor === "the viewer");
    assert.equal(refused?.action, "flowctl.ControlPlane/StopPipelineRun");
    assert.equal(refused?.outcome, "denied");
    const done = entries.filter((entry) => entry.outcome === "done");
    assert.ok(!done.some((entry) => /Register|Heartbeat|List/.test(entry.action)));
    assert.ok(!JSON.stringify(entries.map((entry) => ({ ...entry, at: 0 }))).includes("flowctl_"));
    await client.revokeToken({ id: token!.id });
  });

  test("wrong wishes for tokens are refused with the reason", async () => {
    const client = createClient(
      AccessService,
      createConnectTransport({
        baseUrl: server.url,
        httpVersion: "1.1",
        interceptors: [adding(bearer("admin"))],
      }),
    );
    for (
      const wrong of [
        { name: "", role: "viewer" },
        { name: "x", role: "root" },
        { name: "x".repeat(513), role: "viewer" },
        { name: "x", role: "viewer", expiresInSeconds: -1n },
        { name: "x", role: "viewer", expiresInSeconds: 1n << 62n },
      ]
    ) {
      assert.equal(await codeOf(client.createToken(wrong)), Code.InvalidArgument);
    }
    assert.equal(await codeOf(client.revokeToken({ id: "none" })), Code.NotFound);
  });
});

/** By hand: not every fetch lets its caller choose the Host. */
function statusUnderName(port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = get({ port, host: "127.0.0.1", path: "/api/services", headers: { host } });
    request.once("error", reject);
    request.once("response", (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
  });
}

describe("access without any token", () => {
  let open: GuardedServer;
  before(async () => {
    open = await startGuardedServer({ required: false });
  });
  after(() => open.stop());

  test("a page of another origin, or under a name that was bent to here, is refused", async () => {
    const ask = (headers: Record<string, string>) =>
      fetch(`${open.url}/api/services`, { headers }).then((response) => response.status);
    assert.equal(await ask({}), 200);
    assert.equal(await ask({ origin: open.url }), 200);
    assert.equal(await ask({ origin: "https://evil.example" }), 403);
    assert.equal(await ask({ origin: "null" }), 403);
    assert.equal(await ask({ "sec-fetch-site": "cross-site" }), 403);
    assert.equal(await statusUnderName(open.port, "evil.example"), 403);
    assert.equal(await statusUnderName(open.port, "localhost"), 200);
  });

  test("the first token closes it", async () => {
    const client = createClient(
      ControlPlane,
      createConnectTransport({ baseUrl: open.url, httpVersion: "1.1" }),
    );
    assert.equal(await codeOf(client.listServices({})), "ok");
    await open.token("admin");
    assert.equal(await codeOf(client.listServices({})), Code.Unauthenticated);
  });
});
