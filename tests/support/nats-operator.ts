/** An operator with one account and one user, as `nsc` would make them, for a nats-server. */

import { randomUUID } from "node:crypto";
import { nkeys } from "@nats-io/transport-node";

export interface NatsOperator {
  /** Lines for the server's configuration. */
  readonly config: string;
  /** Text of the user's `.creds` file. */
  readonly creds: string;
}

type KeyPair = ReturnType<typeof nkeys.createUser>;

const text = (key: Uint8Array) => new TextDecoder().decode(key);
const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

const ANY = { subs: -1, data: -1, payload: -1 };
const ACCOUNT_LIMITS = { ...ANY, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
const JETSTREAM_LIMITS = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };

export function makeOperator(): NatsOperator {
  const operator = nkeys.createOperator();
  const system = nkeys.createAccount();
  const account = nkeys.createAccount();
  const user = nkeys.createUser();
  const operatorJwt = sign(operator, operator, "operator", {
    system_account: system.getPublicKey(),
  });
  const systemJwt = sign(operator, system, "account", { limits: ACCOUNT_LIMITS });
  const accountJwt = sign(operator, account, "account", {
    limits: { ...ACCOUNT_LIMITS, ...JETSTREAM_LIMITS },
  });
  const userJwt = sign(account, user, "user", { ...ANY, pub: {}, sub: {} });
  return {
    config: `operator: ${operatorJwt}
system_account: ${system.getPublicKey()}
resolver: MEMORY
resolver_preload: {
  ${system.getPublicKey()}: ${systemJwt}
  ${account.getPublicKey()}: ${accountJwt}
}`,
    creds: `-----BEGIN NATS USER JWT-----
${userJwt}
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
${text(user.getSeed())}
------END USER NKEY SEED------
`,
  };
}

function sign(issuer: KeyPair, subject: KeyPair, type: string, claims: object): string {
  const header = base64url({ typ: "JWT", alg: "ed25519-nkey" });
  const payload = base64url({
    jti: randomUUID(),
    iat: Math.floor(Date.now() / 1000),
    iss: issuer.getPublicKey(),
    name: type,
    sub: subject.getPublicKey(),
    nats: { ...claims, type, version: 2 },
  });
  const signature = issuer.sign(new TextEncoder().encode(`${header}.${payload}`));
  return `${header}.${payload}.${Buffer.from(signature).toString("base64url")}`;
}
