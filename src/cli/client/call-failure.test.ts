import assert from "node:assert/strict";
import test from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { FlowctlError } from "../../spec/errors.ts";
import { callFailure } from "./call-failure.ts";

const url = "http://127.0.0.1:8080";
const failed = (code: Code, wrongInput: "cli/usage" | "spec/invalid" = "cli/usage") =>
  callFailure(new ConnectError("why", code), { url, wrongInput });

test("each answer of a server is an error of its own kind", () => {
  assert.equal(failed(Code.NotFound).code, "control/not-found");
  assert.equal(failed(Code.InvalidArgument).code, "cli/usage");
  assert.equal(failed(Code.InvalidArgument, "spec/invalid").code, "spec/invalid");
  assert.equal(failed(Code.FailedPrecondition, "spec/invalid").code, "cli/usage");
  assert.equal(failed(Code.PermissionDenied).code, "control/refused");
  assert.equal(failed(Code.Unimplemented).retryable, false);
  for (const code of [Code.Aborted, Code.ResourceExhausted]) {
    assert.deepEqual([failed(code).code, failed(code).retryable], ["control/refused", true]);
  }
});

test("one that does not answer is named, with how to start it or name another", () => {
  for (const code of [Code.Unavailable, Code.DeadlineExceeded, Code.Unknown]) {
    const { code: is, message, hint, retryable } = failed(code);
    assert.deepEqual([is, retryable], ["control/unreachable", true]);
    assert.equal(message, `${url} does not answer: why`);
    assert.match(hint ?? "", /flowctl server .*--server .*FLOWCTL_SERVER/);
  }
});

test("who is not let in learns whether a token lacks or is wrong", () => {
  const error = new ConnectError("no", Code.Unauthenticated);
  const asked = callFailure(error, { url, wrongInput: "cli/usage" });
  const other = callFailure(error, { url, wrongInput: "cli/usage", token: "flowctl_secret" });
  assert.match(asked.hint ?? "", /give a token/);
  assert.match(other.hint ?? "", /expired/);
  assert.doesNotMatch(`${other.message} ${other.hint}`, /flowctl_secret/);
});

test("an error that says already what to do stays as it is", () => {
  const own = new FlowctlError("cli/usage", "as it is");
  assert.equal(callFailure(own, { url, wrongInput: "spec/invalid" }), own);
});
