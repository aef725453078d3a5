/**
 * A control plane on loopback that asks for no token is open to every program of its machine, and
 * a browser runs programs of strangers: what a foreign page sends is told from what people send.
 */

import type { NodeRequest } from "./refuse.ts";

const LOOPBACK_HOST = /^((.+\.)?localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/**
 * True for a request that another origin's page may have sent. `loopback`: this server is reached by
 * names of this machine only, so any other Host is a stranger's name that was made to resolve here.
 */
export function isForeignPage(request: NodeRequest, loopback: boolean): boolean {
  const { headers } = request;
  const host = String(headers[":authority"] ?? headers.host ?? "");
  if (loopback && !LOOPBACK_HOST.test(host)) return true;
  const { origin } = headers;
  if (origin === undefined) return headers["sec-fetch-site"] === "cross-site";
  return origin.replace(/^https?:\/\//, "") !== host;
}
