/** Durations and sizes as people write them: "30s", "1h30m", "64MiB". */

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const UNIT_BYTES: Readonly<Record<string, number>> = {
  b: 1,
  k: 1e3,
  kb: 1e3,
  m: 1e6,
  mb: 1e6,
  g: 1e9,
  gb: 1e9,
  t: 1e12,
  tb: 1e12,
  ki: 2 ** 10,
  kib: 2 ** 10,
  mi: 2 ** 20,
  mib: 2 ** 20,
  gi: 2 ** 30,
  gib: 2 ** 30,
  ti: 2 ** 40,
  tib: 2 ** 40,
};

const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w))+$/;
const DURATION_PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g;
const SIZE = /^(\d+(?:\.\d+)?) ?([a-z]+)$/i;
const DIGITS = /^\d+$/;

/**
 * Milliseconds of "500ms", "10s", "5m", "1h30m", "30d", "2w", or of a number of milliseconds;
 * undefined when it is none of these. The longest is what a safe integer holds.
 */
export function parseDuration_ms(value: unknown): number | undefined {
  if (typeof value === "number") return value >= 0 ? whole(value) : undefined;
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  if (DIGITS.test(text)) return whole(Number(text));
  if (!DURATION.test(text)) return undefined;
  let total_ms = 0;
  for (const [, amount, unit] of text.matchAll(DURATION_PART)) {
    total_ms += Number(amount) * (UNIT_MS[unit ?? ""] ?? NaN);
  }
  return whole(total_ms);
}

/**
 * Bytes of "64KB" (64,000), "64KiB" (65,536), "1.5GB", or of a number of bytes; undefined when it
 * is none of these. Units are matched without regard to case.
 */
export function parseSize_bytes(value: unknown): number | undefined {
  if (typeof value === "number") return value >= 0 ? whole(value) : undefined;
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  if (DIGITS.test(text)) return whole(Number(text));
  const [, amount, unit] = SIZE.exec(text) ?? [];
  const factor = unit === undefined ? undefined : UNIT_BYTES[unit.toLowerCase()];
  return factor === undefined ? undefined : whole(Number(amount) * factor);
}

function whole(value: number): number | undefined {
  const rounded = Math.round(value);
  return Number.isSafeInteger(rounded) ? rounded : undefined;
}
