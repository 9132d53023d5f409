// A node that is asked over JSON-RPC: which chain it has, and the blocks of it, decoded and checked against their hashes.

import { bytesToHex, equalBytes, type Hex, jsonList, jsonObject, jsonQuantity } from "@braid/primitives";
import {
  CHAIN_NAMES,
  type Chain,
  type ChainInput,
  chainOf,
  decodeRpcBlock,
  decodeRpcHeader,
  type Header,
  hashHeader,
  type RpcBlock,
  type RpcHeader,
} from "@braid/protocol";
import { type LoadedBlock, loadedBlock } from "../block-file.ts";
import { BlockFileError } from "../errors.ts";
import { RpcError } from "./errors.ts";
import type { RpcClient } from "./rpc-client.ts";

/** A block by its number, by its hash (32 bytes), or the newest one. */
export type BlockReference = bigint | Uint8Array | "latest";

/** The block before another one. */
export interface RemoteParent {
  number: bigint;
  /** 32 bytes. */
  hash: Uint8Array;
  /** Unless the node has pruned it. */
  header?: Header;
}

/** A block and its parent. */
export interface RemoteBlock {
  block: LoadedBlock;
  parent: RemoteParent;
}

export class RemoteNode {
  readonly client: RpcClient;
  readonly chain: Chain;

  private constructor(client: RpcClient, chain: Chain) {
    this.client = client;
    this.chain = chain;
  }

  /**
   * Asks the node for its chain's id.
   *
   * @param chain what the chain is; when it is left out, one that Braid knows by its id.
   * @throws BlockFileError BRAID_UNKNOWN_CHAIN for an id that is not known, or another one than `chain` has; RpcError; InvalidChainError.
   */
  static async connect(client: RpcClient, chain?: ChainInput): Promise<RemoteNode> {
    const id = await client.call("eth_chainId", [], (answer) => jsonQuantity(answer, "the chain's id", 64n));
    const known = chain === undefined ? CHAIN_NAMES.find((name) => chainOf(name).chainId === id) : chain;
    if (known === undefined)
      throw new BlockFileError(
        "BRAID_UNKNOWN_CHAIN",
        `${client.host} has the chain ${id}, which Braid does not know. Describe it with --genesis <file>, the chain's genesis file as geth takes it.`,
        { data: { chainId: id } },
      );
    const described = chainOf(known);
    if (described.chainId !== id)
      throw new BlockFileError(
        "BRAID_UNKNOWN_CHAIN",
        `${client.host} has the chain ${id}, and "${described.name}" is the chain ${described.chainId}. Name the right chain, or another node.`,
        { data: { chainId: id, expected: described.chainId } },
      );
    return new RemoteNode(client, described);
  }

  /** The number of the newest block. */
  latestNumber(): Promise<bigint> {
    return this.client.call("eth_blockNumber", [], (answer) =>
      jsonQuantity(answer, "the newest block's number", 64n),
    );
  }

  /**
   * A block with its uncles, and its parent's header.
   *
   * @throws RpcError; BRAID_RPC_UNKNOWN_BLOCK when the node does not have it. InvalidBlockError, InvalidTransactionError for a block that is
   *   not what its hash says.
   */
  async block(reference: BlockReference): Promise<RemoteBlock> {
    const [method, name] =
      reference instanceof Uint8Array
        ? ["eth_getBlockByHash", bytesToHex(reference)]
        : ["eth_getBlockByNumber", reference === "latest" ? reference : hexOf(reference)];
    const json = await this.#object(method, [name, true], String(name));
    const uncleHashes = jsonList(json.uncles ?? [], "block.uncles");
    const [uncles, parentJson] = await Promise.all([
      Promise.all(
        uncleHashes.map((_, i) =>
          this.#object("eth_getUncleByBlockHashAndIndex", [json.hash, hexOf(BigInt(i))], String(name)),
        ),
      ),
      this.client.call("eth_getBlockByHash", [json.parentHash, false], (answer) =>
        answer === null ? undefined : jsonObject(answer, "parent"),
      ),
    ]);
    // Its fields are for the decoder to judge.
    const block = decodeRpcBlock(json as object as RpcBlock, this.chain, uncles as object[] as RpcHeader[]);
    const loaded = loadedBlock(block, this.chain, 0);
    const parent: RemoteParent = { number: loaded.number - 1n, hash: block.header.parentHash };
    if (parentJson !== undefined)
      parent.header = decodeRpcHeader(parentJson as object as RpcHeader, this.chain);
    const isWrong =
      reference instanceof Uint8Array
        ? !equalBytes(loaded.hash, reference)
        : typeof reference === "bigint" && loaded.number !== reference;
    if (isWrong || (parent.header !== undefined && !equalBytes(hashHeader(parent.header), parent.hash)))
      throw new RpcError(
        "BRAID_RPC_WRONG_ANSWER",
        `${this.client.host} answers ${method} with another block than ${name}, or with another parent than it has.`,
        { host: this.client.host, block: String(name) },
      );
    return { block: loaded, parent };
  }

  async #object(method: string, params: unknown[], name: string): Promise<Record<string, unknown>> {
    const answer = await this.client.call(method, params, (json) =>
      json === null ? undefined : jsonObject(json, "block"),
    );
    if (answer !== undefined) return answer;
    throw new RpcError(
      "BRAID_RPC_UNKNOWN_BLOCK",
      `${this.client.host} does not have block ${name}. Check the number or hash, and that the node is in sync.`,
      { host: this.client.host, block: name },
    );
  }
}

/** A number as JSON-RPC's quantity. */
export function hexOf(number: bigint): Hex {
  return `0x${number.toString(16)}`;
}
