import assert from "node:assert/strict";
import { test } from "node:test";
import { FlowctlError } from "../../spec/errors.ts";
import { parseConnectionString } from "./connection-string.ts";
import { foldOldFields } from "./old-config.ts";

const PLAIN = {
  addresses: [{ host: "db.example.org", port: 5432 }],
  user: "ann",
  password: "p@ss:w/rd %",
  database: "events",
  sslmode: "prefer",
  sslrootcert: undefined,
  sslcert: undefined,
  sslkey: undefined,
  application_name: "flowctl",
  connect_timeout_ms: undefined,
  options: undefined,
};

test("a URI is read, percent signs decoded", () => {
  const uri = "postgres://ann:p%40ss%3Aw%2Frd%20%25@db.example.org/events";
  assert.deepEqual(parseConnectionString(uri), PLAIN);
  assert.deepEqual(parseConnectionString(uri.replace("postgres:", "postgresql:")), PLAIN);
});

test("key=value pairs are read, quotes and backslashes too", () => {
  const pairs = "host=db.example.org user=ann password = 'p@ss:w/rd \\%' dbname=events";
  assert.deepEqual(parseConnectionString(pairs), PLAIN);
});

test("parameters, ports, several hosts, IPv6 and sockets are understood", () => {
  const several = parseConnectionString(
    "postgres://u@[::1]:6000,h2/d?sslmode=verify-full&sslrootcert=/ca.pem&connect_timeout=3" +
      "&application_name=x&options=-c%20role%3Dr",
  );
  assert.deepEqual(several.addresses, [{ host: "::1", port: 6000 }, { host: "h2", port: 5432 }]);
  assert.equal(several.sslmode, "verify-full");
  assert.equal(several.sslrootcert, "/ca.pem");
  assert.equal(several.connect_timeout_ms, 3000);
  assert.equal(several.application_name, "x");
  assert.equal(several.options, "-c role=r");
  const socket = parseConnectionString("postgres:///d?host=/run/postgresql&user=u");
  assert.deepEqual(socket.addresses, [{ host: "/run/postgresql", port: 5432 }]);
  assert.equal(socket.sslmode, "disable");
  const encoded = parseConnectionString("postgres://u@%2Frun%2Fpostgresql/d");
  assert.deepEqual(encoded.addresses, [{ host: "/run/postgresql", port: 5432 }]);
});

test("what the string leaves out comes from libpq's variables", () => {
  const env = { PGHOST: "h", PGPORT: "6000", PGUSER: "u", PGPASSWORD: "p", PGSSLMODE: "require" };
  const settings = parseConnectionString("postgres://", env);
  assert.deepEqual(settings.addresses, [{ host: "h", port: 6000 }]);
  assert.equal(settings.user, "u");
  assert.equal(settings.password, "p");
  assert.equal(settings.database, "u");
  assert.equal(settings.sslmode, "require");
});

test("what cannot be read is an error without the password", () => {
  const bad = [
    "secret-password",
    "mysql://u:secret-password@h/d",
    "postgres://u:secret-password@h:port/d",
    "postgres://u:secret-password%zz@h/d",
    "postgres://u:secret-password@h/d?sslmode=maybe",
    "postgres://u:secret-password@h/d?colour=red",
    "host=h password='secret-password",
  ];
  for (const text of bad) {
    assert.throws(() => parseConnectionString(text), (error: unknown) => {
      assert.ok(error instanceof FlowctlError, text);
      assert.equal(error.code, "spec/invalid");
      assert.ok(!`${error.message} ${error.hint} ${error.cause}`.includes("secret"), text);
      return true;
    });
  }
});

test("the fields of older files become a connection string", () => {
  const old = {
    host: "db.example.org",
    port: "5433",
    database: "events",
    username: "ann",
    password: "p@ss:w/rd %",
    sslmode: "disable",
    table: "t",
  };
  const { table, connection_string, ...rest } = foldOldFields(old);
  assert.deepEqual(rest, {});
  assert.equal(table, "t");
  assert.deepEqual(parseConnectionString(String(connection_string)), {
    ...PLAIN,
    addresses: [{ host: "db.example.org", port: 5433 }],
    sslmode: "disable",
  });
  const untouched = { host: "h", connection_string: "postgres://x" };
  assert.deepEqual(foldOldFields(untouched), untouched);
  assert.deepEqual(foldOldFields({ database: "d" }), { database: "d" });
  const ipv6 = foldOldFields({ host: "::1", user: "u" });
  assert.equal(ipv6["connection_string"], "postgres://u@[::1]/");
});
