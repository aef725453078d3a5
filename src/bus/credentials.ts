/** Who one is to NATS, and whom one believes: from the address, options and files. */

import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { checkServerIdentity } from "node:tls";
import {
  credsAuthenticator,
  nkeyAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from "@nats-io/transport-node";
import type { Authenticator, TlsOptions } from "@nats-io/transport-node";
import { FlowctlError, messageOf } from "../spec/errors.ts";
import type { BusCredentials } from "./options.ts";
import { hostOf, userInfoOf } from "./servers.ts";

/** Options count before what the address says. Throws `cli/usage`. */
export async function authenticatorsOf(
  urls: readonly string[],
  credentials: BusCredentials,
): Promise<Authenticator[]> {
  const authenticators: Authenticator[] = [];
  const { user, password, token, nkey_file, creds_file } = credentials;
  if (creds_file !== undefined) {
    authenticators.push(credsAuthenticator(await secretFile("creds", creds_file)));
  }
  if (nkey_file !== undefined) {
    const seed = new TextDecoder().decode(await secretFile("nkey", nkey_file)).trim();
    authenticators.push(nkeyAuthenticator(new TextEncoder().encode(seed)));
  }
  for (const authenticator of authenticators) probe(authenticator);
  if (token !== undefined) authenticators.push(tokenAuthenticator(token));
  if (user !== undefined) authenticators.push(usernamePasswordAuthenticator(user, password ?? ""));
  if (authenticators.length > 0) return authenticators;
  const info = urls.map(userInfoOf).find((found) => found !== undefined);
  if (info === undefined) {
    if (password === undefined) return [];
    throw new FlowctlError("cli/usage", "NATS is given a password, but no user", {
      hint: "Set NATS_USER as well, or name the user in the address.",
    });
  }
  const [name, secret = password] = info;
  return secret === undefined
    ? [tokenAuthenticator(name)]
    : [usernamePasswordAuthenticator(name, secret)];
}

/**
 * Undefined: without TLS, unless the server asks for it. The client reads the files again at each
 * connect, so that renewed certificates count. Throws `cli/usage`.
 */
export async function tlsOptions(
  urls: readonly string[],
  { tls_ca, tls_cert, tls_key }: BusCredentials,
): Promise<TlsOptions & IdentityCheck | undefined> {
  if ((tls_cert === undefined) !== (tls_key === undefined)) {
    throw new FlowctlError(
      "cli/usage",
      `a certificate for NATS needs its key: ${
        tls_key === undefined ? "key" : "certificate"
      } missing`,
      { hint: "Set both NATS_CERT and NATS_KEY." },
    );
  }
  const wanted = urls.some((url) => /^tls:/i.test(url));
  if (!wanted && tls_ca === undefined && tls_cert === undefined) return undefined;
  // Else a wrong path would look like a server that is away.
  for (const file of [tls_ca, tls_cert, tls_key]) {
    if (file !== undefined) await secretFile("TLS", file);
  }
  return {
    checkServerIdentity: identityCheck(urls),
    ...(tls_ca === undefined ? {} : { caFile: tls_ca }),
    ...(tls_cert === undefined ? {} : { certFile: tls_cert }),
    ...(tls_key === undefined ? {} : { keyFile: tls_key }),
  };
}

interface IdentityCheck {
  readonly checkServerIdentity: typeof checkServerIdentity;
}

/**
 * The client names no host for a server that is given by its IP address, and runtimes then look for
 * "localhost" in its certificate, or for nothing: the address itself must stand there.
 */
function identityCheck(urls: readonly string[]): typeof checkServerIdentity {
  const hosts = urls.map((url) => hostOf(url).replace(/:\d+$/, "").replace(/^\[|\]$/g, ""));
  const addresses = hosts.filter((host) => isIP(host) !== 0);
  return (name, certificate) => {
    const named = name !== "" && (name !== "localhost" || hosts.includes(name));
    if (named && isIP(name) === 0) return checkServerIdentity(name, certificate);
    const faults = addresses.map((address) => checkServerIdentity(address, certificate));
    if (faults.includes(undefined)) return undefined;
    return faults[0] ?? checkServerIdentity(name, certificate);
  };
}

/** Else a file with something else in it would look like a server that refuses. */
function probe(authenticator: Authenticator): void {
  try {
    authenticator("nonce");
  } catch {
    throw new FlowctlError("cli/usage", "credentials for NATS: the file holds no nkey seed", {
      hint: "NATS_NKEY names a file with a seed (SU…) and NATS_CREDS one as nsc writes it.",
    });
  }
}

async function secretFile(kind: string, path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    throw new FlowctlError("cli/usage", `${kind} file for NATS: ${messageOf(error)}`, {
      hint: "Name a file that exists and that this user may read.",
      cause: error,
    });
  }
}
