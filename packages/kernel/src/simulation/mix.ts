// What a simulated program does at each point, out of a few numbers. Used by tests only.

/** A hash of some small numbers: what an instruction is, given all that the program has seen. */
export function mix(...words: number[]): number {
  let h = 0x9e3779b9;
  for (const word of words) {
    h = Math.imul(h ^ word, 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    h ^= h >>> 16;
  }
  return h >>> 0;
}
