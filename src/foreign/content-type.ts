/** What a payload's content type says of it. */

export const PROTOBUF = "application/protobuf";
const JSON_TYPE = "application/json";

/**
 * Set in an event's metadata where the content type says JSON but the payload is none: its opaque
 * row holds base64 all the same.
 */
export const BASE64_MARK = { name: "flowctl_payload", value: "base64" } as const;

export function isJson(contentType: string): boolean {
  return contentType.split(";", 1)[0]?.trim().toLowerCase() === JSON_TYPE;
}
