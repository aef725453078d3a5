/** The names that Go's XDR constants have, which Hubble shows. */

/** `MemoType`, `memoText` → `MemoTypeMemoText`; a value without a name is the type alone. */
export function goName(type: string, name = ""): string {
  return `${type}${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

/** `setTrustLineFlags` → `set_trust_line_flags`. */
export function snakeName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
