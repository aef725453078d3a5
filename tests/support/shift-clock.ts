/**
 * Preloaded into a process of a test: SIGUSR2 moves its wall clock an hour ahead, a second one an
 * hour behind, and so on. The monotonic clock goes on as it does when an administrator sets the time.
 */

import process from "node:process";

const HOUR_ms = 3_600_000;
const realNow = Date.now.bind(Date);
let shift_ms = 0;

const now = () => realNow() + shift_ms;
globalThis.Date = new Proxy(Date, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as Date,
  get: (target, key) => key === "now" ? now : Reflect.get(target, key) as unknown,
});

process.on("SIGUSR2", () => {
  shift_ms = shift_ms > 0 ? -HOUR_ms : HOUR_ms;
  console.error(`the clock is off by ${shift_ms / HOUR_ms} h`);
});
