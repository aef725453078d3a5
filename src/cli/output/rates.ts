/** Rates over the last few seconds, from counters that only grow. */

const WINDOW_MS = 5_000;

interface Sample {
  readonly at_ms: number;
  readonly value: number;
}

export interface Rates {
  /** Notes the counter's value and returns its rate per second over the window. */
  observe(key: string, value: number, at_ms: number): number;
}

export function createRates(window_ms: number = WINDOW_MS): Rates {
  const samples = new Map<string, Sample[]>();
  return {
    observe(key, value, at_ms) {
      const kept = (samples.get(key) ?? []).filter((sample) => at_ms - sample.at_ms <= window_ms);
      kept.push({ at_ms, value });
      samples.set(key, kept);
      const [oldest] = kept;
      if (oldest === undefined || oldest.at_ms === at_ms) return 0;
      return (value - oldest.value) * 1000 / (at_ms - oldest.at_ms);
    },
  };
}
