/**
 * How much changes hands when an offer is taken (CAP-4). "Wheat" is what the offer sells, "sheep"
 * what it wants; its price is sheep for one wheat, and rounding favours the one who stays.
 */

export interface Price {
  readonly n: number;
  readonly d: number;
}

/** Whose exact amount matters: nobody's, the sender's, the receiver's. */
export type Rounding = "normal" | "strict-send" | "strict-receive";

export interface ExchangeLimits {
  readonly maxWheatSend: bigint;
  readonly maxWheatReceive: bigint;
  readonly maxSheepSend: bigint;
  readonly maxSheepReceive: bigint;
}

export interface Exchange {
  readonly wheat: bigint;
  readonly sheep: bigint;
  /** The offer is larger than what is taken of it. */
  readonly wheatStays: boolean;
}

const MAX = 2n ** 63n - 1n;
const ERROR_BOUND_PERCENT = 1n;

const min = (a: bigint, b: bigint) => a < b ? a : b;
const ceilDivide = (a: bigint, b: bigint) => (a + b - 1n) / b;

function amounts(price: Price, limits: ExchangeLimits, rounding: Rounding): Exchange {
  const n = BigInt(price.n);
  const d = BigInt(price.d);
  const wheatValue = min(limits.maxWheatSend * n, limits.maxSheepReceive * d);
  const sheepValue = min(limits.maxSheepSend * d, limits.maxWheatReceive * n);
  const wheatStays = wheatValue > sheepValue;
  if (!wheatStays) {
    if (n > d) {
      const wheat = wheatValue / n;
      return { wheat, sheep: wheat * n / d, wheatStays };
    }
    const sheep = wheatValue / d;
    return { wheat: ceilDivide(sheep * d, n), sheep, wheatStays };
  }
  if (rounding === "strict-send") {
    const sheep = min(limits.maxSheepSend, limits.maxSheepReceive);
    return { wheat: sheepValue / n, sheep, wheatStays };
  }
  if (n > d || rounding === "strict-receive") {
    const wheat = sheepValue / n;
    return { wheat, sheep: ceilDivide(wheat * n, d), wheatStays };
  }
  const sheep = sheepValue / d;
  return { wheat: sheep * d / n, sheep, wheatStays };
}

/** What is exchanged; nothing when rounding would move the price by more than one percent. */
export function exchange(price: Price, limits: ExchangeLimits, rounding: Rounding): Exchange {
  const result = amounts(price, limits, rounding);
  const wheatWorth = result.wheat * BigInt(price.n);
  const sheepWorth = result.sheep * BigInt(price.d);
  const error = wheatWorth > sheepWorth ? wheatWorth - sheepWorth : sheepWorth - wheatWorth;
  const favoursWheat = sheepWorth >= wheatWorth;
  const bound = rounding !== "normal" && favoursWheat ||
    error * 100n <= wheatWorth * ERROR_BOUND_PERCENT;
  const empty = result.wheat === 0n || result.sheep === 0n;
  if (bound && (!empty || rounding === "strict-send" && result.sheep > 0n)) return result;
  return { wheat: 0n, sheep: 0n, wheatStays: result.wheatStays };
}

/** The part of an offer that could be taken as a whole: what is left beside is dust. */
export function adjustedAmount(price: Price, wheat: bigint, maxSheepReceive: bigint): bigint {
  const limits = { maxWheatSend: wheat, maxWheatReceive: MAX, maxSheepSend: MAX, maxSheepReceive };
  return exchange(price, limits, "normal").wheat;
}

/** Sheep that an offer will bring when all of it is taken: its buying liability. */
export function sheepFor(price: Price, wheat: bigint): bigint {
  const limits = { maxWheatReceive: MAX, maxSheepSend: MAX, maxSheepReceive: MAX };
  return amounts(price, { ...limits, maxWheatSend: wheat }, "normal").sheep;
}
