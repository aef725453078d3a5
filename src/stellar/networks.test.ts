import assert from "node:assert/strict";
import { test } from "node:test";
import { Networks } from "@stellar/stellar-sdk";
import { networkId, networkTag, passphraseOf } from "./networks.ts";

test("network names and passphrases mean the same network", () => {
  for (const name of ["mainnet", "pubnet", "public", "PUBLIC", Networks.PUBLIC]) {
    assert.equal(passphraseOf(name), Networks.PUBLIC);
  }
  assert.equal(passphraseOf("testnet"), Networks.TESTNET);
  assert.equal(passphraseOf("futurenet"), Networks.FUTURENET);
  assert.equal(passphraseOf("local"), Networks.STANDALONE);
  assert.equal(passphraseOf("load test network"), "load test network");
});

test("a network's id is the hash of its passphrase", () => {
  assert.equal(
    Buffer.from(networkId(Networks.PUBLIC)).toString("hex"),
    "7ac33997544e3175d266bd022439b22cdb16508c01163f26e5cb2a3e1045a979",
  );
});

test("a network's tag is its name, or the head of its id", () => {
  assert.equal(networkTag(Networks.PUBLIC), "pubnet");
  assert.equal(networkTag(Networks.TESTNET), "testnet");
  assert.equal(networkTag(Networks.FUTURENET), "futurenet");
  assert.match(networkTag(Networks.STANDALONE), /^[0-9a-f]{8}$/);
  assert.equal(networkTag(Networks.STANDALONE), networkTag(Networks.STANDALONE));
  assert.notEqual(networkTag(Networks.STANDALONE), networkTag("load test network"));
});
