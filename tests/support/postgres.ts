/**
 * A private PostgreSQL cluster for tests: a temporary folder, a free loopback port, started once a
 * process and gone with it. A keeper process holds the folder: when this process ends, however it
 * ends, the keeper's input closes and it stops the server by its pid and removes the folder.
 */

import type { ChildProcess } from "node:child_process";
import { spawn, spawnSync } from "node:child_process";
import {
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const START_LIMIT_MS = 60_000;
const POLL_MS = 50;

export interface PostgresServer {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** A connection string for one of its databases; "postgres" always exists. */
  url(database?: string): string;
  /** Makes an empty database and returns its connection string. */
  createDatabase(name?: string): string;
  /** Runs statements as the superuser and returns unaligned tuples, one per line. */
  psql(statements: string, database?: string): string;
  /** SIGKILL to the postmaster: what the out-of-memory killer does. */
  kill(): Promise<void>;
  /** SIGQUIT: immediate shutdown without a checkpoint. */
  stopNow(): Promise<void>;
  start(): Promise<void>;
}

interface Account {
  readonly uid: number;
  readonly gid: number;
}

function binFolder(): string | undefined {
  const versions = existsSync("/usr/lib/postgresql") ? readdirSync("/usr/lib/postgresql") : [];
  const newestFirst = versions.sort((a, b) => Number(b) - Number(a));
  const folders = [
    ...(process.env["PATH"] ?? "").split(delimiter),
    ...newestFirst.map((version) => `/usr/lib/postgresql/${version}/bin`),
    "/usr/local/pgsql/bin",
    "/opt/homebrew/bin",
  ];
  const needed = ["initdb", "postgres", "psql"];
  return folders.find((folder) => folder && needed.every((name) => existsSync(join(folder, name))));
}

/** The server refuses to run as root; undefined: this process is not root. */
function unprivilegedAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync("/etc/passwd", "utf8").split("\n").map((line) => line.split(":"));
  const account = accounts.find(([name]) => name === "postgres") ??
    accounts.find(([name]) => name === "nobody");
  return account && { uid: Number(account[2]), gid: Number(account[3]) };
}

function asAccount(account: Account | undefined, command: readonly string[]): string[] {
  if (!account) return [...command];
  const { uid, gid } = account;
  return ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups", ...command];
}

function run(command: readonly string[], input = "", env: Record<string, string> = {}): string {
  const [program = "", ...args] = command;
  const done = spawnSync(program, args, {
    input,
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C", ...env },
    cwd: "/",
  });
  if (done.status !== 0) {
    throw new Error(`${command.join(" ")}: ${done.error?.message ?? done.stderr}`);
  }
  return done.stdout;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}

const KEEPER = `
trap '' HUP INT TERM
read -r _
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
[ -n "$pid" ] && kill -QUIT "$pid" 2>/dev/null
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  rm -rf "$1" 2>/dev/null
  [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null || break
  sleep 0.5
done
sleep 1
rm -rf "$1"
`;

function keep(folder: string): void {
  const keeper = spawn("sh", ["-c", KEEPER, "keeper", folder], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  keeper.unref();
  const input: unknown = keeper.stdin;
  if (input && typeof input === "object" && "unref" in input && typeof input.unref === "function") {
    input.unref();
  }
}

async function startCluster(bin: string): Promise<PostgresServer> {
  const account = unprivilegedAccount();
  const folder = mkdtempSync(join(tmpdir(), "flowctl-pg-"));
  if (account) chownSync(folder, account.uid, account.gid);
  keep(folder);
  const data = join(folder, "data");
  const password = "s3cr3t-of-the-test";
  const user = "flowctl";
  writeFileSync(join(folder, "password"), password);
  run(asAccount(account, [
    join(bin, "initdb"),
    ...["-D", data, "-U", user, "-E", "UTF8", "--no-sync", "--auth=scram-sha-256"],
    `--pwfile=${join(folder, "password")}`,
  ]));
  const port = await freePort();
  const url = (database = "postgres") =>
    `postgres://${user}:${password}@127.0.0.1:${port}/${database}`;
  const psql = (statements: string, database = "postgres") =>
    run(
      [join(bin, "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", `${port}`]
        .concat("-U", user, "-d", database),
      statements,
      { PGPASSWORD: password },
    ).trimEnd();

  let server: ChildProcess | undefined;
  let exited: Promise<void> = Promise.resolve();
  const start = async () => {
    const settings = ["fsync=off", "shared_buffers=64MB", "max_connections=30", "jit=off"];
    const [program = "", ...args] = asAccount(account, [
      join(bin, "postgres"),
      ...["-D", data, "-p", String(port), "-h", "127.0.0.1", "-k", folder],
      ...settings.flatMap((setting) => ["-c", setting]),
    ]);
    const deadline = Date.now() + START_LIMIT_MS;
    for (let up = false; !up;) {
      if (server === undefined || server.exitCode !== null || server.signalCode !== null) {
        const child = spawn(program, args, { stdio: "ignore", cwd: "/" });
        child.unref();
        exited = new Promise((resolve) => child.once("exit", () => resolve()));
        server = child;
      }
      await sleep(POLL_MS);
      try {
        psql("SELECT 1");
        up = true;
      } catch (error) {
        if (Date.now() > deadline) throw error;
      }
    }
  };
  const signal = async (name: "SIGKILL" | "SIGQUIT") => {
    server?.ref();
    server?.kill(name);
    await exited;
  };
  await start();

  let databases = 0;
  return {
    host: "127.0.0.1",
    port,
    user,
    password,
    url,
    psql,
    createDatabase: (name = `db_${++databases}`) => {
      psql(`CREATE DATABASE ${name}`);
      return url(name);
    },
    kill: () => signal("SIGKILL"),
    stopNow: () => signal("SIGQUIT"),
    start,
  };
}

const bin = binFolder();

/** False, or the reason for which a test that needs the server is skipped. */
export const postgresMissing: string | false = bin === undefined
  ? "PostgreSQL is not installed (initdb, postgres and psql are in no known folder)"
  : process.platform === "win32"
  ? "the private PostgreSQL cluster of the tests needs a POSIX system"
  : false;

let shared: Promise<PostgresServer> | undefined;

/** The cluster of this process; started at the first call. */
export function postgresServer(): Promise<PostgresServer> {
  if (bin === undefined) throw new Error(String(postgresMissing));
  shared ??= startCluster(bin);
  return shared;
}
