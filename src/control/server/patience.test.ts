import assert from "node:assert/strict";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { callGrpc, framed } from "../../../tests/support/grpc-call.ts";
import { makeAuthority, opensslMissing } from "../../../tests/support/certificates.ts";
import { startTestServer } from "../../../tests/support/control-server.ts";
import type { TestServer } from "../../../tests/support/control-server.ts";
import { startGuardedServer } from "../../../tests/support/guarded-server.ts";
import { temporaryFolder } from "../../../tests/support/temporary.ts";
import { FIRST_REQUEST_TIMEOUT_MS } from "./patience.ts";

/** The waits are looked at once a second. */
const SLACK_MS = 5_000;

describe("clients that make others wait", () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.stop());

  test("who opens and does not ask is closed in time, who has asked stays", async () => {
    const steady = connectHttp2(server.url);
    const list = () =>
      callGrpc(steady, "/flowctl.ControlPlane/ListServices", framed(new Uint8Array()));
    assert.equal((await list()).status, 0);
    const begin = performance.now();
    const beginnings = [
      "",
      "GET /api/serv",
      "GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: ",
      "PRI * HT",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ];
    const waits = await Promise.all(beginnings.map((text) =>
      new Promise<number>((resolve) => {
        const socket = connect(server.port, "127.0.0.1", () => socket.write(text));
        socket.on("data", () => {});
        socket.on("error", () => {});
        socket.on("close", () => resolve(performance.now() - begin));
      })
    ));
    for (const [index, wait] of waits.entries()) {
      assert.ok(wait >= FIRST_REQUEST_TIMEOUT_MS - 100, `${index} was closed after ${wait} ms`);
      assert.ok(wait <= FIRST_REQUEST_TIMEOUT_MS + SLACK_MS, `${index} took ${wait} ms`);
    }
    assert.equal((await list()).status, 0, "a connection that has asked before is kept");
    steady.destroy();
  });

  const skip = opensslMissing !== false;
  const because = skip ? ` (skipped: ${opensslMissing})` : "";
  test(`behind TLS, who does not end the handshake is closed in time too${because}`, {
    skip,
    timeout: 30_000,
  }, async () => {
    using folder = temporaryFolder();
    const { cert, key } = makeAuthority(folder.path).issue("server", "/CN=s", "IP:127.0.0.1");
    const secure = await startGuardedServer({ tls: { cert, key, ca: undefined } });
    const begin = performance.now();
    const waits = await Promise.all(
      ["", "\x16\x03", "GET / HTTP/1.1\r\n\r\n"].map((text) =>
        new Promise<number>((resolve) => {
          const socket = connect(secure.port, "127.0.0.1", () => socket.write(text));
          socket.on("data", () => {});
          socket.on("error", () => {});
          socket.on("close", () => resolve(performance.now() - begin));
        })
      ),
    );
    for (const wait of waits) assert.ok(wait <= FIRST_REQUEST_TIMEOUT_MS + SLACK_MS, `${wait} ms`);
    // A client may see the end before the server's own sockets tell of it.
    for (let i = 0; i < 100 && secure.connections() > 0; i += 1) await sleep(10);
    const left = secure.connections();
    await secure.stop();
    assert.equal(left, 0);
  });
});
