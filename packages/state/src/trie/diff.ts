// What two tries do not have in common, node by node: what a pruned store counts, to know when nobody needs a node any more.

import { equalBytes } from "@braid/primitives";
import { loadNode } from "./lookup.ts";
import { hasOwnHash } from "./new-nodes.ts";
import type { LoadedNode, NodeLoader, Path, TrieNode } from "./node.ts";
import { referenceOf } from "./node-codec.ts";

/** Told of each node with a hash of its own that one trie has at a place where the other does not have the same one. */
export interface DiffVisitor {
  created(node: LoadedNode): void;
  dropped(node: LoadedNode): void;
}

/**
 * A place in a trie: a node, and how many nibbles of its path lie above the place. Within a path there is one way on, as if the
 * path were branches of one child; so places of both tries can be compared whatever the shapes of their nodes.
 */
interface Place {
  node: LoadedNode;
  /** The node's; of a branch none. */
  path: Path;
  passed: number;
}

const NO_KEY = new Uint8Array(0);

/** Compares two tries; `created - dropped` is what the second one has more of each node than the first. Throws MissingTrieNodeError. */
export function diffTries(
  before: TrieNode | undefined,
  after: TrieNode | undefined,
  nodes: NodeLoader,
  visitor: DiffVisitor,
): void {
  if (before === after) return;
  if (before !== undefined && after !== undefined && equalBytes(referenceOf(before), referenceOf(after)))
    return;
  const old = before && enter(before, nodes);
  const young = after && enter(after, nodes);
  diffPlaces(old, young, nodes, visitor);
}

function enter(node: TrieNode, nodes: NodeLoader): Place {
  const loaded = node.kind === "hash" ? loadNode(node, NO_KEY, nodes) : node;
  return { node: loaded, path: loaded.kind === "branch" ? NO_KEY : loaded.path, passed: 0 };
}

/** Both are at the same place, and are not the same. */
function diffPlaces(
  old: Place | undefined,
  young: Place | undefined,
  nodes: NodeLoader,
  visitor: DiffVisitor,
): void {
  if (old?.passed === 0 && hasOwnHash(old.node)) visitor.dropped(old.node);
  if (young?.passed === 0 && hasOwnHash(young.node)) visitor.created(young.node);
  if (isEnd(old) && isEnd(young)) return;
  for (let nibble = 0; nibble < 16; nibble++) {
    const below = old && step(old, nibble);
    const above = young && step(young, nibble);
    if (below === above) continue;
    if (isPlace(below) || isPlace(above)) {
      const left = below === undefined || isPlace(below) ? below : enter(below, nodes);
      const right = above === undefined || isPlace(above) ? above : enter(above, nodes);
      diffPlaces(left, right, nodes, visitor);
    } else diffTries(below, above, nodes, visitor);
  }
}

/** There is no node below it. */
function isEnd(place: Place | undefined): boolean {
  return place === undefined || place.node.kind === "leaf";
}

/** Where a nibble leads: to a node, to a place within a path, or nowhere. */
function step({ node, path, passed }: Place, nibble: number): TrieNode | Place | undefined {
  if (node.kind === "branch") return node.children[nibble];
  if (path[passed] !== nibble) return undefined;
  if (passed + 1 < path.length) return { node, path, passed: passed + 1 };
  return node.kind === "extension" ? node.child : undefined;
}

function isPlace(way: TrieNode | Place | undefined): way is Place {
  return way !== undefined && "passed" in way;
}
