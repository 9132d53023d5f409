// A node that is asked over JSON-RPC: which chain it has, and the blocks of it, decoded and checked against their hashes.

import {
  bigIntToBytes32,
  bytesToHex,
  equalBytes,
  type Hex,
  hexToBytes,
  type JsonObject,
  jsonBytes,
  jsonList,
  jsonObject,
  jsonQuantity,
} from "@braid/primitives";
import {
  type Block,
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
import type { AnswerCache } from "./answer-cache.ts";
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

/** A block with its uncles, and its parent. */
export interface RemoteBlock {
  block: Block;
  parent: RemoteParent;
}

export class RemoteNode {
  readonly client: RpcClient;
  readonly chain: Chain;

  readonly #cache: AnswerCache | undefined;
  #latest: Promise<bigint> | undefined;

  private constructor(client: RpcClient, chain: Chain, cache: AnswerCache | undefined) {
    this.client = client;
    this.chain = chain;
    this.#cache = cache;
  }

  /**
   * Asks the node for its chain's id.
   *
   * @param chain what the chain is; when it is left out, one that Braid knows by its id.
   * @param cache keeps blocks; what it has is not asked for.
   * @throws RpcError; BRAID_UNKNOWN_CHAIN for an id that is not known, or another one than `chain` has. InvalidChainError.
   */
  static async connect(client: RpcClient, chain?: ChainInput, cache?: AnswerCache): Promise<RemoteNode> {
    const id = await client.call("eth_chainId", [], (answer) => jsonQuantity(answer, "the chain's id", 64n));
    const known = chain === undefined ? CHAIN_NAMES.find((name) => chainOf(name).chainId === id) : chain;
    if (known === undefined)
      throw new RpcError(
        "BRAID_UNKNOWN_CHAIN",
        `${client.host} has the chain ${id}, which Braid does not know. Describe it with --genesis <file>, the chain's genesis file as geth takes it.`,
        { chainId: id },
      );
    const described = chainOf(known);
    if (described.chainId !== id)
      throw new RpcError(
        "BRAID_UNKNOWN_CHAIN",
        `${client.host} has the chain ${id}, and "${described.name}" is the chain ${described.chainId}. Name the right chain, or another node.`,
        { chainId: id, expected: described.chainId },
      );
    return new RemoteNode(client, described, cache);
  }

  /**
   * A block with its uncles, and its parent's header.
   *
   * @throws RpcError; BRAID_RPC_UNKNOWN_BLOCK when the node does not have it. InvalidBlockError, InvalidTransactionError for a block that is
   *   not what its hash says.
   */
  async block(reference: BlockReference): Promise<RemoteBlock> {
    const name = reference instanceof Uint8Array ? bytesToHex(reference) : String(reference);
    const json = await this.#blockJson(reference, name);
    const hash = jsonBytes(json.hash, "block.hash", 32);
    try {
      const remote = await this.#decode(json, hash, name);
      const { number } = remote.block.header;
      const isOther =
        reference instanceof Uint8Array
          ? !equalBytes(hash, reference)
          : typeof reference === "bigint" && number !== reference;
      if (isOther) throw this.#wrongBlock(name);
      const isNew = this.#cache?.get(this.#chainKey(), `block ${name}`) === undefined;
      if (typeof reference === "bigint" && isNew && (await this.#isSettled(number)))
        this.#cache?.put(this.#chainKey(), `block ${name}`, json.hash);
      return remote;
    } catch (error) {
      // What is wrong must not be kept.
      await this.#cache?.forget(hash);
      throw error;
    }
  }

  /** By its hash wherever that is known: under it the block is kept. */
  async #blockJson(reference: BlockReference, name: string): Promise<JsonObject> {
    const byHash = "eth_getBlockByHash";
    if (reference instanceof Uint8Array) return this.#object(reference, byHash, [name, true], name);
    const known = reference === "latest" ? undefined : this.#cache?.get(this.#chainKey(), `block ${name}`);
    if (typeof known === "string") return this.#object(hexToBytes(known), byHash, [known, true], name);
    const tag = reference === "latest" ? reference : hexOf(reference);
    const json = await this.#object(undefined, "eth_getBlockByNumber", [tag, true], name);
    const hash = jsonBytes(json.hash, "block.hash", 32);
    this.#cache?.put(hash, questionOf(byHash, [json.hash, true]), json);
    return json;
  }

  async #decode(json: JsonObject, hash: Uint8Array, name: string): Promise<RemoteBlock> {
    const uncleHashes = jsonList(json.uncles ?? [], "block.uncles");
    const [uncles, parentJson] = await Promise.all([
      Promise.all(
        uncleHashes.map((_, i) =>
          this.#object(hash, "eth_getUncleByBlockHashAndIndex", [json.hash, hexOf(BigInt(i))], name),
        ),
      ),
      this.#answer(hash, "eth_getBlockByHash", [json.parentHash, false]),
    ]);
    // Their fields are for the decoder to judge.
    const block = decodeRpcBlock(json as object as RpcBlock, this.chain, uncles as object[] as RpcHeader[]);
    const { number, parentHash } = block.header;
    const parent: RemoteParent = { number: number - 1n, hash: parentHash };
    if (parentJson === undefined) return { block, parent };
    parent.header = decodeRpcHeader(parentJson as object as RpcHeader, this.chain);
    if (!equalBytes(hashHeader(parent.header), parent.hash)) throw this.#wrongBlock(`the parent of ${name}`);
    return { block, parent };
  }

  #wrongBlock(name: string): RpcError {
    return new RpcError(
      "BRAID_RPC_WRONG_ANSWER",
      `${this.client.host} answers with another block than ${name}. Use another node.`,
      { host: this.client.host, block: name },
    );
  }

  /** Which block has a number is only kept where it stays so; a chain on somebody's desk may begin anew. */
  async #isSettled(number: bigint): Promise<boolean> {
    if (this.#cache === undefined || !CHAIN_NAMES.some((name) => name === this.chain.name)) return false;
    this.#latest ??= this.client.call("eth_blockNumber", [], (answer) =>
      jsonQuantity(answer, "the newest block's number", 64n),
    );
    return number + SETTLED_DEPTH <= (await this.#latest);
  }

  #chainKey(): Uint8Array {
    return bigIntToBytes32(this.chain.chainId);
  }

  async #object(
    block: Uint8Array | undefined,
    method: string,
    params: unknown[],
    name: string,
  ): Promise<JsonObject> {
    const answer = await this.#answer(block, method, params);
    if (answer !== undefined) return answer;
    throw new RpcError(
      "BRAID_RPC_UNKNOWN_BLOCK",
      `${this.client.host} does not have block ${name}. Check the number or hash, and that the node is in sync.`,
      { host: this.client.host, block: name },
    );
  }

  /** An object about a block, or undefined; kept when the block's hash is known. */
  async #answer(
    block: Uint8Array | undefined,
    method: string,
    params: unknown[],
  ): Promise<JsonObject | undefined> {
    const known = block === undefined ? undefined : this.#cache?.get(block, questionOf(method, params));
    if (known !== undefined) return jsonObject(known, "block");
    return this.client.call(method, params, (json) => {
      if (json === null) return undefined;
      const object = jsonObject(json, "block");
      jsonBytes(object.hash, "block.hash", 32);
      if (block !== undefined) this.#cache?.put(block, questionOf(method, params), object);
      return object;
    });
  }
}

/** No chain that Braid knows has taken back so many blocks: two epochs, after which they are final. */
const SETTLED_DEPTH = 64n;

function questionOf(method: string, params: unknown[]): string {
  return `${method} ${JSON.stringify(params)}`;
}

/** A number as JSON-RPC's quantity. */
export function hexOf(number: bigint): Hex {
  return `0x${number.toString(16)}`;
}
