/** Version of flowctl: the one in package.json and deno.json, which a test compares. */
export const VERSION = "0.1.0";

/** Set when the binary is compiled. */
declare const FLOWCTL_COMMIT: string | undefined;

/** Commit that the binary was built from; empty when it runs from sources. */
export const COMMIT: string = typeof FLOWCTL_COMMIT === "undefined" ? "" : FLOWCTL_COMMIT;
