/** `flowctl server` as its users and their supervisors meet it: a process. */

import assert from "node:assert/strict";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./support/server-process.ts";
import { flowctl, startFlowctl } from "./support/flowctl.ts";
import { temporaryFolder } from "./support/temporary.ts";

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!await condition()) {
    assert.ok(Date.now() < deadline, `not within 20 s: ${what}`);
    await sleep(50);
  }
}

const answers = (url: string) => fetch(url).then(({ ok }) => ok, () => false);

test("settings come from the file, options win, and a signal drains", async () => {
  using folder = temporaryFolder();
  const [port, health] = [await freePort(), await freePort()];
  writeFileSync(
    join(folder.path, "server.yaml"),
    `listen: 127.0.0.1:1\ndata_dir: \${DATA}\nmax_lag: 7\nhealth_port: ${health}\nlog_format: ecs\n`,
  );
  const server = startFlowctl(
    ["server", "--config", "server.yaml", "--listen", `127.0.0.1:${port}`, "--output", "json"],
    { cwd: folder.path, env: { DATA: "kept", HEALTH_PORT: "1" } },
  );
  const url = `http://127.0.0.1:${port}`;
  await until("it answers", () => answers(`${url}/readyz`));
  await until("its health port answers", () => answers(`http://127.0.0.1:${health}/ready`));
  const { message } = await (await fetch(`${url}/healthz/stellar_network_sync`)).json() as {
    message: string;
  };
  assert.match(message, /^no source/);
  assert.ok(readFileSync(join(folder.path, "kept/control.db")).length > 0);
  server.child.kill("SIGTERM");
  const { status, stdout, stderr } = await server.finished;
  assert.equal(status, 0);
  const said = JSON.parse(stdout) as { url: string; data: string; pid: number };
  assert.deepEqual([said.url, said.data, said.pid], [url, "kept", server.child.pid]);
  const lines = stderr.trim().split("\n").map((line) =>
    JSON.parse(line) as Record<string, unknown>
  );
  assert.ok(lines.every((line) => line["ecs.version"] === "8.11.0"));
  assert.deepEqual(lines.at(-1)?.["message"], "stopped");
});

test("what is wrong is said, each with what to do", async () => {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, "wrong.yaml"), "max_lag: 0\nlistenn: x\n");
  const holder = createServer();
  const port = await freePort();
  await new Promise<void>((resolve) => holder.listen(port, "127.0.0.1", resolve));
  const cases: readonly (readonly [args: readonly string[], status: number, said: RegExp])[] = [
    [["--config", "wrong.yaml"], 2, /wrong\.yaml:1:10: max_lag [^]*wrong\.yaml:2:1: listenn/],
    [["--config", "none.yaml"], 2, /there is no such file/],
    [["--listen", `127.0.0.1:${port}`], 1, /in use by another program[^]*--listen/],
    [["--listen", "somewhere"], 2, /write host:port/],
    [["--listen", "0.0.0.0:0"], 2, /needs TLS[^]*--tls-cert/],
    [["--history", "soon"], 2, /--history cannot be 'soon'/],
    [["--log-format", "xml"], 2, /text, json, ecs/],
    [["--tls-cert", "c.pem"], 2, /both --tls-cert and --tls-key/],
    [["--max-lag", "x"], 2, /--max-lag cannot be 'x'/],
  ];
  for (const [args, status, said] of cases) {
    const run = await flowctl(["server", "--store", "memory", "--health-port", "0", ...args], {
      cwd: folder.path,
    });
    assert.equal(run.status, status, run.stderr);
    assert.match(run.stderr, said);
    assert.doesNotMatch(run.stderr, /\n\s+at /);
  }
  await new Promise((resolve) => holder.close(resolve));
});

test("systemd is told that it is ready, alive and stopping", async () => {
  using folder = temporaryFolder();
  const told = join(folder.path, "told");
  const notify = join(folder.path, "systemd-notify");
  // In the place of systemd's: it needs a systemd that listens.
  writeFileSync(notify, `#!/bin/sh\necho "$@" >> ${told}\n`);
  chmodSync(notify, 0o755);
  const port = await freePort();
  const server = startFlowctl(
    ["server", "--store", "memory", "--listen", `127.0.0.1:${port}`, "--health-port", "0"],
    {
      cwd: folder.path,
      env: {
        PATH: `${folder.path}:${process.env["PATH"]}`,
        NOTIFY_SOCKET: "/run/nothing",
        WATCHDOG_USEC: "400000",
      },
    },
  );
  const lines = () => {
    try {
      return readFileSync(told, "utf8").trim().split("\n");
    } catch {
      return [];
    }
  };
  await until(
    "the watchdog is told",
    () => lines().filter((it) => it === "WATCHDOG=1").length >= 3,
  );
  server.child.kill("SIGINT");
  assert.equal((await server.finished).status, 0);
  assert.match(
    lines()[0] ?? "",
    new RegExp(`^--ready --pid=${server.child.pid} --status=listening`),
  );
  assert.equal(lines().at(-1), "STOPPING=1");
});
