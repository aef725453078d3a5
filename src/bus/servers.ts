/** Addresses of NATS servers: several in one text, and who one is may stand in them. */

import { FlowctlError } from "../spec/errors.ts";

/** One address each. Throws `cli/usage` when there is none. */
export function serversOf(servers: string): string[] {
  const urls = servers.split(",").map((url) => url.trim()).filter((url) => url !== "");
  if (urls.length > 0) return urls;
  throw new FlowctlError("cli/usage", "the address of NATS is empty", {
    hint: "Give --nats or NATS_URL, such as nats://127.0.0.1:4222; several with commas.",
  });
}

/** `host:port`. */
export const hostOf = (url: string): string => parts(url).host;

/** `[user, password]`, or `[token]`; undefined when the address says nothing. */
export function userInfoOf(url: string): readonly [string, string?] | undefined {
  const { info } = parts(url);
  if (info === undefined) return undefined;
  const colon = info.indexOf(":");
  if (colon < 0) return [decoded(info)];
  return [decoded(info.slice(0, colon)), decoded(info.slice(colon + 1))];
}

/** The servers as they may be shown. */
export function withoutSecrets(servers: string): string {
  return servers.split(",").map((url) => hostOf(url.trim())).join(", ");
}

function parts(url: string): { readonly host: string; readonly info: string | undefined } {
  const rest = url.replace(/^[a-z]+:\/\//i, "");
  // The last one: a password may have an @, or a slash, that nobody has encoded.
  const at = rest.lastIndexOf("@");
  const host = rest.slice(at + 1).replace(/\/.*$/, "");
  return { host, info: at < 0 ? undefined : rest.slice(0, at) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign that nobody has encoded.
    return text;
  }
}
