// Runs over the blocks of a node. Which node is each worker's own affair; it must have the run's chain.
import { BaseError, bytesToHex } from "@braid/primitives";
import { type ChainInput, type ChainSpec, hashHeader } from "@braid/protocol";
import { RemoteNode, type RpcClient } from "@braid/remote";
import { type BlockSelection, selectBlocks } from "@braid/replay";
import {
  type Item,
  nothingToRelease,
  type OpenedItem,
  type Source,
  type SourceSpec,
  unavailable,
} from "./source.ts";

type NodeSpec = Extract<SourceSpec, { kind: "node" }>;

/** Asks the node for its chain. Throws what RemoteNode.connect throws. */
export async function nodeSpecOf(client: RpcClient, chain?: ChainInput): Promise<NodeSpec> {
  const node = await RemoteNode.connect(client, chain);
  return { kind: "node", chain: node.chain.spec };
}

/** The blocks by their numbers or hashes; the newest one by the hash that it has now. */
export async function* selectedBlocks(
  client: RpcClient,
  chain: ChainSpec,
  blocks: BlockSelection,
): AsyncGenerator<Item> {
  const seen = new Set<string>();
  for (const reference of blocks.references()) {
    const name =
      typeof reference === "bigint"
        ? reference.toString()
        : bytesToHex(reference === "latest" ? await newest(client, chain) : reference);
    // Ranges do not name a block twice, and may be too long to be remembered.
    if (blocks.count <= REMEMBERED) {
      if (seen.has(name)) continue;
      seen.add(name);
    }
    yield { name, named: true };
  }
}

const REMEMBERED = 1_000_000;

async function newest(client: RpcClient, chain: ChainSpec): Promise<Uint8Array> {
  const node = await RemoteNode.connect(client, chain);
  return hashHeader((await node.block("latest")).block.header);
}

export class NodeSource implements Source {
  readonly #client: RpcClient;
  readonly #chain: ChainSpec;

  private constructor(client: RpcClient, chain: ChainSpec) {
    this.#client = client;
    this.#chain = chain;
  }

  /** Throws QueueError BRAID_SOURCE_UNAVAILABLE: without a node, when it does not answer, or has another chain. */
  static async open(client: RpcClient | undefined, chain: ChainSpec): Promise<NodeSource> {
    if (client === undefined)
      throw unavailable(
        `The blocks are read from a node of the chain "${chain.name}" (id ${chain.chainId}), and this worker has none: name one with --rpc <url>, or in the environment as BRAID_RPC_URL.`,
      );
    try {
      await RemoteNode.connect(client, chain);
    } catch (error) {
      if (error instanceof BaseError) throw unavailable(error.message, error);
      throw error;
    }
    return new NodeSource(client, chain);
  }

  async open(item: string): Promise<OpenedItem> {
    const blocks = await selectBlocks(item);
    return {
      paths: [],
      remote: { client: this.#client, chain: this.#chain, blocks },
      release: nothingToRelease,
    };
  }
}
