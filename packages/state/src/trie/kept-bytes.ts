// Memory of the small pieces that tries consist of: references, paths, leaves. They are kept by the million, and an array with a buffer of its
// own takes 200 bytes besides what is in it, a view of a shared one 100: a node knows the chunk that it lies in, and where.

/** PERF: small, because it stays as long as any piece in it. */
const CHUNK = 2_048;

let used = 0;

/** Where the piece lies that was reserved last. */
export let keptChunk: Uint8Array = new Uint8Array(CHUNK);

/** So many zeros that others have their places beside: gives where they begin in `keptChunk`. */
export function reserve(length: number): number {
  if (used + length > keptChunk.length) {
    keptChunk = new Uint8Array(Math.max(CHUNK, length));
    used = 0;
  }
  const at = used;
  used += length;
  return at;
}

/** The same as an array. */
export function keptBytes(length: number): Uint8Array {
  const at = reserve(length);
  return keptChunk.subarray(at, at + length);
}
