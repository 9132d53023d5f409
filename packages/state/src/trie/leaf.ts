// Making leaves: their RLP, rlp([hex-prefix path, value]) (Yellow Paper, appendices C and D), written into its place at once.

import { rlpListLength, writeRlpListHeader, writeRlpStringHeader } from "@braid/primitives";
import { keptChunk, reserve } from "./kept-bytes.ts";
import { HASH_REFERENCE, LeafNode, type Path, type TrieNode } from "./node.ts";

const LEAF = 0x20;
const ODD = 0x10;

/** A leaf at `depth` for the key of `keyBytes` bytes at `keyAt`; its value are the bytes from `from` to `to`. */
export function leafAt(
  key: Uint8Array,
  keyAt: number,
  keyBytes: number,
  depth: number,
  values: Uint8Array,
  from: number,
  to: number,
  below: TrieNode | undefined,
): LeafNode {
  const next = (depth + 1) >> 1;
  const odd = depth & 1;
  const pathLength = 1 + keyBytes - next;
  const { bytes, start, pathAt, valueAt } = layOut(pathLength, values, from, to);
  bytes[pathAt] = odd === 1 ? LEAF | ODD | ((key[keyAt + next - 1] as number) & 15) : LEAF; // in the key
  for (let i = 1, at = keyAt + next; i < pathLength; i++) bytes[pathAt + i] = key[at++] as number; // in the key
  const end = valueAt + to - from;
  return new LeafNode(bytes, start, pathAt, pathAt + pathLength, valueAt, end, below);
}

/** A leaf with these nibbles left. */
export function leafOfPath(path: Path, value: Uint8Array, below: TrieNode | undefined): LeafNode {
  const odd = path.length & 1;
  const pathLength = 1 + (path.length >> 1);
  const { bytes, start, pathAt, valueAt } = layOut(pathLength, value, 0, value.length);
  bytes[pathAt] = odd === 1 ? LEAF | ODD | (path[0] as number) : LEAF; // an odd path is not empty
  for (let i = 1, at = odd; i < pathLength; i++, at += 2)
    bytes[pathAt + i] = ((path[at] as number) << 4) | (path[at + 1] as number); // in the path
  return new LeafNode(bytes, start, pathAt, pathAt + pathLength, valueAt, valueAt + value.length, below);
}

/** The leaf that begins at `start`, whose items are known, in memory of its own. */
export function copyOfLeaf(
  rlp: Uint8Array,
  path: { content: number; end: number },
  value: { content: number; end: number },
): LeafNode {
  const start = reserve(HASH_REFERENCE + rlp.length) + HASH_REFERENCE;
  const bytes = keptChunk;
  bytes.set(rlp, start);
  const [pathAt, pathEnd, valueAt, end] = [path.content, path.end, value.content, value.end];
  return new LeafNode(bytes, start, start + pathAt, start + pathEnd, start + valueAt, start + end, undefined);
}

/** Everything but the path, behind room for a reference. */
function layOut(
  pathLength: number,
  values: Uint8Array,
  from: number,
  to: number,
): { bytes: Uint8Array; start: number; pathAt: number; valueAt: number } {
  const valueLength = to - from;
  // One byte below 0x80 is its own encoding, as every path of one byte is.
  const isByte = valueLength === 1 && (values[from] as number) < 0x80;
  const payload =
    (pathLength === 1 ? 1 : stringLength(pathLength)) + (isByte ? 1 : stringLength(valueLength));
  const start = reserve(HASH_REFERENCE + rlpListLength(payload)) + HASH_REFERENCE;
  const bytes = keptChunk;
  const content = writeRlpListHeader(bytes, start, payload);
  const pathAt = pathLength === 1 ? content : writeRlpStringHeader(bytes, content, pathLength);
  const pathEnd = pathAt + pathLength;
  const valueAt = isByte ? pathEnd : writeRlpStringHeader(bytes, pathEnd, valueLength);
  for (let i = 0; i < valueLength; i++) bytes[valueAt + i] = values[from + i] as number; // in the values
  return { bytes, start, pathAt, valueAt };
}

/** Bytes that the RLP of a string takes that is not one byte below 0x80: as a list's. */
function stringLength(length: number): number {
  return rlpListLength(length);
}
