// Which block a parameter means.

import type { StoredBlock } from "@braid/chain";
import type { Header } from "@braid/protocol";
import { RpcError, SERVER_ERROR } from "@braid/rpc";
import type { StateSource } from "@braid/state";
import type { Node } from "../node.ts";
import { BlockNotFoundError } from "./errors.ts";
import { boolean, hash, object, optional, ParameterError, quantity64, type Reader } from "./params.ts";

const TAGS = ["latest", "earliest", "pending", "safe", "finalized"] as const;
type Tag = (typeof TAGS)[number];

/** A tag, a number, or a hash (EIP-1898). */
export type BlockParam = Tag | { number: bigint } | { hash: Uint8Array; requireCanonical: boolean };

const byNumber = object({ blockNumber: quantity64 });
const byHash = object({ blockHash: hash, requireCanonical: optional(boolean, false) });

export const blockNumber: Reader<Tag | { number: bigint }> = (value) => {
  const tag = TAGS.find((name) => name === value);
  return tag ?? { number: quantity64(value) };
};

export const blockParam: Reader<BlockParam> = (value) => {
  if (typeof value === "object" && value !== null) {
    if ("blockHash" in value) {
      if ("blockNumber" in value)
        throw new ParameterError("cannot specify both BlockHash and BlockNumber, choose one or the other");
      const { blockHash, requireCanonical } = byHash(value);
      return { hash: blockHash, requireCanonical };
    }
    return { number: byNumber(value).blockNumber };
  }
  if (typeof value === "string" && value.length === 66) return { hash: hash(value), requireCanonical: false };
  return blockNumber(value);
};

/** For state methods: without it they look at the newest block. */
export const stateBlock: Reader<BlockParam> = optional(blockParam, "latest");

/** The block, or undefined when there is none; the pending one is the newest here. */
export function findBlock({ chain }: Node, param: BlockParam): StoredBlock | undefined {
  if (typeof param === "object") {
    if ("number" in param) return chain.blockAt(param.number);
    const block = chain.block(param.hash);
    if (block !== undefined && param.requireCanonical && !chain.isCanonical(block))
      throw new RpcError(SERVER_ERROR, "hash is not currently canonical");
    return block;
  }
  if (param === "earliest") return chain.first;
  if (param === "safe" || param === "finalized") return chain.named(param) ?? chain.head;
  return chain.head;
}

/** As findBlock. Throws BlockNotFoundError when there is none. */
export function needBlock(node: Node, param: BlockParam): StoredBlock {
  const block = findBlock(node, param);
  if (block !== undefined) return block;
  // What has a name is always there.
  const wanted = typeof param !== "object" ? 0n : "number" in param ? param.number : param.hash;
  throw new BlockNotFoundError(wanted, node.head.number);
}

interface StateOf {
  header: Header;
  state: StateSource;
}

/** A block's header, and the state after it; of the pending block what would be there after it. */
export function stateOf(node: Node, param: BlockParam): StateOf | Promise<StateOf> {
  if (param === "pending")
    return node.miner.pending().then(({ built, state }) => ({ header: built.block.header, state }));
  const { header, hash: id } = needBlock(node, param);
  return { header, state: node.chain.stateAfter(id) };
}
