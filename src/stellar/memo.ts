import type { MemoView } from "../gen/xdr/memo.ts";

/** A memo's text or number, or its hash in base64; empty when there is none. */
export function memoText({ text, id, hash, retHash }: MemoView): string {
  if (text !== undefined) return text;
  if (id !== undefined) return String(id);
  const bytes = hash ?? retHash;
  return bytes === undefined ? "" : Buffer.from(bytes).toString("base64");
}
