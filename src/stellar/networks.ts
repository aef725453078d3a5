/** The networks by name, and what follows from a network passphrase. */

import { hash } from "node:crypto";

export const PUBNET_PASSPHRASE = "Public Global Stellar Network ; September 2015";
export const TESTNET_PASSPHRASE = "Test SDF Network ; September 2015";
export const FUTURENET_PASSPHRASE = "Test SDF Future Network ; October 2022";
export const LOCAL_PASSPHRASE = "Standalone Network ; February 2017";

const PASSPHRASES: ReadonlyMap<string, string> = new Map([
  ["mainnet", PUBNET_PASSPHRASE],
  ["pubnet", PUBNET_PASSPHRASE],
  ["public", PUBNET_PASSPHRASE],
  ["testnet", TESTNET_PASSPHRASE],
  ["futurenet", FUTURENET_PASSPHRASE],
  ["local", LOCAL_PASSPHRASE],
  ["standalone", LOCAL_PASSPHRASE],
]);

const TAGS: ReadonlyMap<string, string> = new Map([
  [PUBNET_PASSPHRASE, "pubnet"],
  [TESTNET_PASSPHRASE, "testnet"],
  [FUTURENET_PASSPHRASE, "futurenet"],
]);

/** Names that `passphraseOf` knows, for help and messages. */
export const networkNames: readonly string[] = [...PASSPHRASES.keys()];

/** The passphrase of a network given by name; anything that is no known name is a passphrase. */
export function passphraseOf(network: string): string {
  return PASSPHRASES.get(network.trim().toLowerCase()) ?? network;
}

/** The 32 bytes by which a network signs: SHA-256 of its passphrase. */
export function networkId(passphrase: string): Uint8Array {
  return hash("sha256", passphrase, "buffer");
}

const tagCache = new Map<string, string>();

/**
 * A short name of a network for event ids: "pubnet", "testnet", "futurenet", else the first 8 hex
 * digits of its network id.
 */
export function networkTag(passphrase: string): string {
  let tag = TAGS.get(passphrase) ?? tagCache.get(passphrase);
  if (tag === undefined) {
    tag = hash("sha256", passphrase, "hex").slice(0, 8);
    tagCache.set(passphrase, tag);
  }
  return tag;
}
