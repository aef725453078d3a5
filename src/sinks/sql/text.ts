/** An identifier in double quotes, as standard SQL, SQLite and PostgreSQL write it. */
export function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

/** A text as a string literal with standard quotes. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * A text without NUL characters, each replaced by U+FFFD: PostgreSQL refuses them (its manual,
 * section 8.3), and SQLite's functions take one as the text's end (sqlite.org/nulinstr.html).
 */
export function withoutNul(text: string): string {
  return text.includes("\0") ? text.replaceAll("\0", "\ufffd") : text;
}
