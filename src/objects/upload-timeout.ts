/** Uploads report no progress, so their limit grows with their size at this least rate. */
export const MIN_UPLOAD_BYTES_PER_MS = 64;

export function uploadTimeout(timeout_ms: number, size_bytes: number): number {
  return timeout_ms + Math.ceil(size_bytes / MIN_UPLOAD_BYTES_PER_MS);
}
