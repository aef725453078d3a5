import assert from "node:assert/strict";
import { connect, createServer, type Socket } from "node:net";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startPartitionProxy } from "./partition-proxy.ts";

/** Says back what it hears, and keeps it. */
async function echo() {
  const heard: string[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      heard.push(String(bytes));
      socket.write(bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return { heard, port, close: () => server.close() };
}

function dial(port: number) {
  const answers: string[] = [];
  let closed = false;
  const socket: Socket = connect(port, "127.0.0.1");
  socket.on("data", (bytes) => answers.push(String(bytes)));
  socket.on("error", () => {});
  socket.on("close", () => closed = true);
  return { socket, answers, closed: () => closed };
}

const SETTLE_ms = 150;

test("a cut holds bytes back in its direction, and they arrive when it heals", async () => {
  const server = await echo();
  await using proxy = await startPartitionProxy(server.port);
  const { socket, answers, closed } = dial(proxy.port);
  const say = async (text: string) => {
    socket.write(text);
    await sleep(SETTLE_ms);
  };
  await say("a");
  assert.deepEqual([server.heard, answers], [["a"], ["a"]]);
  proxy.cut("to-client");
  await say("b");
  assert.deepEqual([server.heard, answers], [["a", "b"], ["a"]]);
  proxy.heal();
  await sleep(SETTLE_ms);
  assert.deepEqual(answers, ["a", "b"]);
  proxy.cut("to-server");
  await say("c");
  assert.deepEqual([server.heard.length, answers.length, closed()], [2, 2, false]);
  proxy.heal();
  await sleep(SETTLE_ms);
  assert.deepEqual(answers, ["a", "b", "c"]);
  server.close();
});

test("refused, connections are reset and new ones do not come through", async () => {
  const server = await echo();
  await using proxy = await startPartitionProxy(server.port);
  const first = dial(proxy.port);
  await sleep(SETTLE_ms);
  proxy.cut("refused");
  const second = dial(proxy.port);
  await sleep(SETTLE_ms);
  assert.deepEqual([first.closed(), second.closed()], [true, true]);
  proxy.heal();
  const third = dial(proxy.port);
  third.socket.write("x");
  await sleep(SETTLE_ms);
  assert.deepEqual(third.answers, ["x"]);
  third.socket.destroy();
  server.close();
});
