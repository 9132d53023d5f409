// A block from a node, as it is replayed and captured.
import type { BlockReference, RemoteNode, RemoteParent } from "@braid/remote";
import { type LoadedBlock, loadedBlock } from "./block-file.ts";

/** A block and its parent. */
export interface RemoteBlock {
  block: LoadedBlock;
  parent: RemoteParent;
}

/** Rejects as RemoteNode.block. */
export async function fetchBlock(node: RemoteNode, reference: BlockReference): Promise<RemoteBlock> {
  const { block, parent } = await node.block(reference);
  return { block: loadedBlock(block, node.chain, 0), parent };
}
