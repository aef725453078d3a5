/** The values of a column that are there, as a segment has them. */
export interface PresentValues {
  readonly present: number;
  readonly stored: number;
  readonly indices: Int32Array | undefined;
  readonly values: Uint8Array;
}
