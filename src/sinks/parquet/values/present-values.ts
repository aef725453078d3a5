/** After this many values it shows whether they repeat; where most do not, none is looked for. */
export const SAMPLE_values = 32;
export const SAMPLE_DISTINCT = 24;

/** The values of a column that are there, as a segment has them. */
export interface PresentValues {
  readonly present: number;
  readonly stored: number;
  readonly indices: Int32Array | undefined;
  readonly values: Uint8Array;
}

/** Of `stored` values that repeat, by the index of each; without indices where they say nothing. */
export function repeated(
  { indices, present, stored, values }: PresentValues & { readonly indices: Int32Array },
): PresentValues {
  const direct = stored === present || stored === 1;
  return { present, stored, indices: direct ? undefined : indices.subarray(0, present), values };
}
