/** When a claimant may claim a balance, as JSON in the form of Horizon and Hubble. */

import type { Json } from "../flow/batch.ts";
import type { ClaimPredicateView } from "../gen/xdr/claim-predicate.ts";

/** Its nesting is bounded by a check of the outermost one. */
export function claimPredicateJson(predicate: ClaimPredicateView): Json {
  void predicate.endOffset;
  return jsonOf(predicate);
}

function jsonOf(predicate: ClaimPredicateView): Json {
  const { andPredicates, orPredicates, notPredicate, absBefore, relBefore } = predicate;
  if (andPredicates !== undefined) return { and: Array.from(andPredicates, jsonOf) };
  if (orPredicates !== undefined) return { or: Array.from(orPredicates, jsonOf) };
  if (notPredicate !== undefined) {
    return { not: notPredicate === null ? null : jsonOf(notPredicate) };
  }
  if (absBefore !== undefined) {
    return { abs_before: secondsText(absBefore), abs_before_epoch: String(absBefore) };
  }
  if (relBefore !== undefined) return { rel_before: String(relBefore) };
  return { unconditional: true };
}

const DAY_S = 86_400n;
/** Days of 400 years, after which the calendar repeats. */
const ERA_DAYS = 146_097n;
const ERA_YEARS = 400n;
const ERA_SECONDS = ERA_DAYS * DAY_S;

/** Seconds since 1970 as a time in UTC. Years go as far as the seconds: `+39121901036-03-29T…`. */
function secondsText(seconds: bigint): string {
  // The date 400-year periods earlier is one that Date knows; only the year differs.
  const eras = floorDivide(seconds, ERA_SECONDS);
  const near = new Date(Number(seconds - eras * ERA_SECONDS) * 1000).toISOString();
  const year = BigInt(near.slice(0, 4)) + eras * ERA_YEARS;
  return `${yearText(year)}${near.slice(4, 19)}Z`;
}

function yearText(year: bigint): string {
  const sign = year < 0n ? "-" : year > 9999n ? "+" : "";
  return sign + String(year < 0n ? -year : year).padStart(4, "0");
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b < 0n ? quotient - 1n : quotient;
}
