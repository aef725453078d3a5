/** Token buckets, one per peer: how often it may call, and how much it may save up. */

import type { Clock } from "../../runtime/clock.ts";

/** Peers that are remembered; beyond it those that have been silent longest are forgotten. */
export const MAX_PEERS = 10_000;

export interface Rate {
  readonly per_second: number;
  /** Calls at once after a silence. */
  readonly burst: number;
}

export interface RateLimiter {
  /** 0: go on. Else the ms after which this peer may come again. */
  take(peer: string): number;
  /** Peers that are remembered. */
  readonly peers: number;
}

interface Bucket {
  left: number;
  at: number;
}

export function createRateLimiter({ per_second, burst }: Rate, clock: Clock): RateLimiter {
  // In the order of their last call: the first is the one that has been silent longest.
  const buckets = new Map<string, Bucket>();
  let last: string | undefined;

  return {
    take(peer) {
      const now = clock.monotonic();
      let bucket = buckets.get(peer);
      if (bucket === undefined) {
        bucket = { left: burst, at: now };
        if (buckets.size >= MAX_PEERS) buckets.delete(buckets.keys().next().value!);
        buckets.set(peer, bucket);
      } else if (peer !== last) {
        buckets.delete(peer);
        buckets.set(peer, bucket);
      }
      last = peer;
      bucket.left = Math.min(burst, bucket.left + (now - bucket.at) * per_second / 1_000);
      bucket.at = now;
      if (bucket.left < 1) return Math.ceil((1 - bucket.left) * 1_000 / per_second);
      bucket.left -= 1;
      return 0;
    },
    get peers() {
      return buckets.size;
    },
  };
}

/** What counts as one peer: an IPv4 address, or the /64 of an IPv6 one, which is one customer. */
export function peerNetwork(address: string): string {
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.split("::");
  const groups = head.split(":");
  if (tail !== undefined) {
    const after = tail === "" ? [] : tail.split(":");
    while (groups.length + after.length < 8) groups.push("0");
    groups.push(...after);
  }
  return `${groups.slice(0, 4).join(":")}::/64`;
}
