/** An OpenID Connect issuer on loopback: discovery, keys that can be rotated, and tokens. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { CryptoKey, JWK, JWTPayload } from "jose";

export interface Issuer {
  readonly url: string;
  /** Requests for the keys that it has answered. */
  readonly keyRequests: number;
  /** A token with these claims, by the newest key; `exp` in an hour unless given. */
  sign(claims: JWTPayload): Promise<string>;
  /** From now on it signs with a new key, and shows only that. */
  rotate(): Promise<void>;
  /** Takes it off the network, or puts it back. */
  setAway(away: boolean): void;
  stop(): Promise<void>;
}

export const AUDIENCE = "flowctl";

export async function startIssuer(): Promise<Issuer> {
  let key: CryptoKey;
  let shown: JWK;
  let generation = 0;
  let keyRequests = 0;
  let away = false;
  let url = "";

  const rotate = async () => {
    const pair = await generateKeyPair("ES256");
    key = pair.privateKey;
    shown = { ...await exportJWK(pair.publicKey), kid: `key-${++generation}`, alg: "ES256" };
  };
  await rotate();
  const server = createServer((request, response) => {
    if (away) return void response.writeHead(503).end();
    response.setHeader("content-type", "application/json");
    if (request.url === "/.well-known/openid-configuration") {
      response.end(JSON.stringify({ issuer: url, jwks_uri: `${url}/keys` }));
    } else {
      keyRequests++;
      response.end(JSON.stringify({ keys: [shown] }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url,
    get keyRequests() {
      return keyRequests;
    },
    async sign(claims) {
      const now = Math.floor(Date.now() / 1_000);
      const jwt = new SignJWT({
        iss: url,
        aud: AUDIENCE,
        sub: "someone",
        exp: now + 3_600,
        ...claims,
      });
      return await jwt.setProtectedHeader({ alg: "ES256", kid: shown.kid! }).sign(key);
    },
    rotate,
    setAway: (value) => void (away = value),
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
