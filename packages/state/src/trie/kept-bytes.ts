// Memory of the small arrays that tries consist of: references, paths, values. They are kept by the million, and an array with a buffer of its
// own takes 200 bytes besides what is in it.

/** PERF: small, because it stays as long as any array in it. */
const CHUNK = 2_048;
/** What is larger has a buffer of its own. */
const MOST = 256;

let chunk = new ArrayBuffer(CHUNK);
let used = 0;

/** So many zeros, a view of memory that others have their places in too. */
export function keptBytes(length: number): Uint8Array {
  if (length > MOST) return new Uint8Array(length);
  if (used + length > CHUNK) {
    chunk = new ArrayBuffer(CHUNK);
    used = 0;
  }
  const bytes = new Uint8Array(chunk, used, length);
  used += length;
  return bytes;
}
