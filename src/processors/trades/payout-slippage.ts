/** How much of a pool's payout rounding took (CAP-38), in the whole numbers of Horizon. */

const MAX_INT64 = (1n << 63n) - 1n;

/** One in hundredths of a percent. */
const ONE = 10_000n;

/** What Hubble shows when the payout cannot be computed. */
export const UNKNOWN_SLIPPAGE = MAX_INT64;

/**
 * Slippage in hundredths of a percent, when the pool gets `received` of the asset of which it has
 * `deposited`, and pays of the one of which it has `disbursed`. All amounts are stroops, the fee is
 * in hundredths of a percent. Undefined: the pool would overflow, or pays nothing.
 */
export function payoutSlippage(
  deposited: bigint,
  disbursed: bigint,
  received: bigint,
  fee: bigint,
): bigint | undefined {
  if (fee < 0n || fee >= ONE || received > MAX_INT64 - deposited) return undefined;
  const kept = ONE - fee;
  const denominator = deposited * ONE + received * kept;
  if (denominator === 0n) return undefined;
  const numerator = disbursed * received * kept;
  const payout = numerator / denominator;
  if (payout <= 0n || payout > MAX_INT64) return undefined;
  if (numerator % denominator === 0n) return 0n;
  const unrounded = numerator * ONE / denominator;
  // One in hundredths of hundredths of a percent is brought back to hundredths of a percent.
  return (unrounded - payout * ONE) * ONE / unrounded / 100n;
}
