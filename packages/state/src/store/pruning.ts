// Which blocks a store that keeps the last N gives up when a new one becomes the head.
import { bytesToHex, equalBytes } from "@braid/primitives";
import type { Backend, Pruning, TreeBlock } from "./backend.ts";

/** So many blocks of the head's line go with one new block at most: when a store is opened to keep fewer, it takes some blocks' time. */
const MOST_AT_ONCE = 16;
/** BLOCKHASH reaches so far back. */
const REACHABLE_HASHES = 256n;

export const NOTHING_TO_PRUNE: Pruning = { onPath: [], beside: [], forgotten: [] };

/** `head` is the block that is about to become the head, on top of the present one. */
export function planPruning(backend: Backend, head: TreeBlock, keep: number): Pruning {
  const { base } = backend;
  const oldest = head.height - keep + 1;
  if (base === undefined || base.height >= oldest) return NOTHING_TO_PRUNE;
  const pruning: Pruning = { onPath: [], beside: [], forgotten: [] };
  const end = Math.min(oldest, base.height + MOST_AT_ONCE);
  let block = base;
  while (block.height < end) {
    const child = childTowards(backend, block, head);
    pruning.onPath.push({ block, child });
    pruning.beside.push(...branchesOff(backend, block, child));
    pruning.forgotten.push(block.number - REACHABLE_HASHES);
    block = child;
  }
  return pruning;
}

/** The child of a block that the head descends from, or is. */
function childTowards(backend: Backend, block: TreeBlock, head: TreeBlock): TreeBlock {
  if (head.height === block.height + 1) return head;
  const children = backend.blocksAt(block.height + 1).filter(({ parent }) => isHash(parent, block));
  const [only] = children;
  if (only !== undefined && children.length === 1) return only;
  let ancestor = head;
  // All blocks between the oldest one and the head are kept.
  while (ancestor.height > block.height + 1)
    ancestor = backend.block(ancestor.parent as Uint8Array) as TreeBlock;
  return ancestor;
}

function isHash(hash: Uint8Array | undefined, block: TreeBlock): boolean {
  return hash !== undefined && equalBytes(hash, block.hash);
}

/** All that descends from a block but not from one child of it; parents come first. */
export function branchesOff(backend: Backend, block: TreeBlock, child?: TreeBlock): Pruning["beside"] {
  const beside: Pruning["beside"] = [];
  let parents = new Map<string, TreeBlock>([[bytesToHex(block.hash), block]]);
  const kept = child && bytesToHex(child.hash);
  for (let height = block.height + 1; parents.size > 0; height++) {
    const next = new Map<string, TreeBlock>();
    for (const candidate of backend.blocksAt(height)) {
      const hash = bytesToHex(candidate.hash);
      const parent = candidate.parent && parents.get(bytesToHex(candidate.parent));
      if (parent === undefined || hash === kept) continue;
      beside.push({ block: candidate, parent });
      next.set(hash, candidate);
    }
    parents = next;
  }
  return beside;
}
