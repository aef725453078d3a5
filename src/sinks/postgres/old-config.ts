/** Fields by which older files say where the database is, and what each is in a URI. */
const OLD_FIELDS = [
  "host",
  "hostname",
  "port",
  "database",
  "dbname",
  "db_name",
  "username",
  "user",
  "password",
  "sslmode",
  "ssl_mode",
] as const;

/**
 * Joins `host`, `port`, `database`, `username`, `password` and `sslmode` of older files into a
 * connection string. A config that has one already, or has no host, stays as it is.
 */
export function foldOldFields(raw: Record<string, unknown>): Record<string, unknown> {
  const hasHost = raw["host"] !== undefined || raw["hostname"] !== undefined;
  if (!hasHost || raw["connection_string"] !== undefined) return raw;
  const text = (...names: readonly (typeof OLD_FIELDS)[number][]) => {
    const value = names.map((name) => raw[name]).find((value) => value !== undefined);
    return value === undefined || value === null ? "" : String(value);
  };
  const part = (...names: readonly (typeof OLD_FIELDS)[number][]) =>
    encodeURIComponent(text(...names));
  const password = part("password");
  const account = `${part("username", "user")}${password === "" ? "" : `:${password}`}`;
  const host = text("host", "hostname");
  const address = host.includes(":") ? `[${host}]` : encodeURIComponent(host);
  const port = text("port");
  const sslmode = part("sslmode", "ssl_mode");
  const rest = Object.entries(raw).filter(([key]) => !OLD_FIELDS.some((old) => old === key));
  return {
    ...Object.fromEntries(rest),
    connection_string: "postgres://" + (account === "" ? "" : `${account}@`) + address +
      (port === "" ? "" : `:${port}`) + `/${part("database", "dbname", "db_name")}` +
      (sslmode === "" ? "" : `?sslmode=${sslmode}`),
  };
}
