/** An address where nobody answers, or somebody who is not what the pipeline says. */

import assert from "node:assert/strict";
import { createSecureServer, createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import test from "node:test";
import { makeAuthority, opensslMissing } from "../../tests/support/certificates.ts";
import { temporaryFolder } from "../../tests/support/temporary.ts";
import { FlowctlError } from "../spec/errors.ts";
import { endpointPeer } from "./endpoint-peer.ts";
import { contextOf } from "./testing.ts";

const failureOf = (call: Promise<unknown>): Promise<FlowctlError> =>
  call.then(() => assert.fail("it did not fail"), (error: unknown) => {
    assert.ok(error instanceof FlowctlError, String(error));
    return error;
  });

test("one that does not answer is waited for, named once, and then an error to try again", async () => {
  const { context, lines } = contextOf({});
  const started = performance.now();
  const error = await failureOf(endpointPeer(context, "127.0.0.1:1", 400).link());
  assert.ok(performance.now() - started >= 400);
  assert.equal(error.code, "component/unreachable");
  assert.equal(error.retryable, true);
  assert.match(error.message, /own at 127\.0\.0\.1:1 cannot be used/);
  assert.equal(lines.filter((line) => line.includes("waiting for it")).length, 1);
});

test("waiting ends with the run, and with the peer", async () => {
  for (const end of ["run", "peer"] as const) {
    const ending = new AbortController();
    const { context } = contextOf({ signal: ending.signal });
    const peer = endpointPeer(context, "127.0.0.1:1");
    const link = failureOf(peer.link());
    setTimeout(() => end === "run" ? ending.abort() : void peer.close(), 50);
    const started = performance.now();
    assert.equal((await link).code, "flow/interrupted");
    assert.ok(performance.now() - started < 2_000);
  }
});

test("a server that serves something else is not waited for", async () => {
  const server = createServer((_request, response) => {
    response.writeHead(200, {
      "content-type": "application/grpc",
      "grpc-status": "12",
      "grpc-message": "unknown service flowctl.v1.ProcessorService",
    });
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const { context } = contextOf({});
  const error = await failureOf(endpointPeer(context, `127.0.0.1:${port}`).link());
  server.close();
  assert.equal(error.code, "component/protocol");
});

test("a certificate of an unknown authority is not waited for", {
  skip: opensslMissing,
}, async () => {
  using folder = temporaryFolder();
  const { cert, key } = makeAuthority(folder.path).issue("own", "/CN=own", "DNS:localhost");
  const server = createSecureServer({ cert, key });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const started = performance.now();
  const error = await failureOf(
    endpointPeer(contextOf({}).context, `https://localhost:${port}`).link(),
  );
  server.close();
  assert.ok(performance.now() - started < 5_000);
  assert.equal(error.retryable, false);
  assert.match(error.message, /certificate/);
  assert.match(error.hint ?? "", /NODE_EXTRA_CA_CERTS/);
});
