/** The `traceparent` header of W3C Trace Context (level 2, section 3.2): which span called. */

export const TRACE_PARENT = "traceparent";

export interface SpanRef {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  readonly sampled: boolean;
}

const FORM = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const SAMPLED = 0b1;

/** Undefined for whatever is no valid header: the trace then begins here. */
export function parseTraceParent(text: string | null | undefined): SpanRef | undefined {
  const [, version, traceId = "", spanId = "", flags = "", more] = FORM.exec(text?.trim() ?? "") ??
    [];
  if (version === undefined || version === "ff") return undefined;
  // Later versions may add to the end; version 00 may not.
  if (version === "00" && more !== undefined) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (parseInt(flags, 16) & SAMPLED) === SAMPLED };
}

export function traceParentText({ traceId, spanId, sampled }: SpanRef): string {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}
