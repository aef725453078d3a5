import assert from "node:assert/strict";
import { resolve } from "node:path";
import test from "node:test";
import { FlowctlError } from "../spec/errors.ts";
import { isRemote, openStore } from "./open-store.ts";

test("a URL says where the store is, without its credentials", () => {
  const shown: Readonly<Record<string, string>> = {
    "out/rows": resolve("out/rows"),
    "/var/lake": "/var/lake",
    "file:///var/my%20lake": "/var/my lake",
    "https://user:secret@example.org/lake/?token=secret": "https://example.org/lake",
    "http://localhost:8080": "http://localhost:8080",
    "s3://bucket": "s3://bucket",
    "s3://bucket/": "s3://bucket",
    "s3://bucket/a/b/": "s3://bucket/a/b",
    "gs://bucket/a": "gs://bucket/a",
    "az://container/a": "az://container/a",
  };
  for (const [url, expected] of Object.entries(shown)) assert.equal(openStore(url).url, expected);
});

test("keys are named below the store's root", () => {
  assert.equal(openStore("s3://bucket/a/").urlOf("b/c"), "s3://bucket/a/b/c");
  assert.equal(openStore("gs://bucket").urlOf("b"), "gs://bucket/b");
  assert.equal(openStore("/var/lake").urlOf("b/c"), "/var/lake/b/c");
});

test("what is no place for objects is refused, and no password is repeated", () => {
  const urls = [
    "ftp://user:secret@host/x",
    "s3://",
    "https://",
    "http://example.org/lake",
    "redis://:secret@host",
  ];
  for (const url of urls) {
    assert.throws(() => openStore(url), (error: unknown) => {
      assert.ok(error instanceof FlowctlError, url);
      assert.equal(error.code, "objects/rejected");
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  }
});

test("only other machines are remote", () => {
  for (const url of ["s3://b", "https://h/x", "gs://b", "az://c"]) assert.ok(isRemote(url), url);
  for (const url of ["out", "/out", "file:///out", "C:\\out", "./a:b"]) {
    assert.ok(!isRemote(url), url);
  }
});
