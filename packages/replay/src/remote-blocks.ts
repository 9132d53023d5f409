// Blocks that are replayed straight from a node: each is fetched with its parent's state behind it, some ahead of their turn.

import type { ChainInput } from "@braid/protocol";
import { AnswerCache, type BlockReference, RemoteNode, type RpcClient } from "@braid/remote";
import type { BlockSource } from "./block-file.ts";
import type { BlockSelection } from "./block-selection.ts";
import { CarriedState } from "./carried-state.ts";
import { fetchBlock } from "./remote-block.ts";

/** Blocks whose headers and transactions are fetched before it is their turn. */
const AHEAD = 4;

/** What is replayed from a node. */
export interface RemoteBlocks {
  /** Should end with the replay's signal. */
  client: RpcClient;
  blocks: BlockSelection;
  /** Default: by the id that the node says. */
  chain?: ChainInput;
  /** A folder for what the node answered: a second run does not ask again. Needs the npm package lmdb. */
  cache?: string;
}

/** A block on its way, or why it is not to be had. */
export interface RemoteTurn {
  index: number;
  /** Rejects when the block cannot be had. */
  file: Promise<BlockSource>;
}

/** The blocks in order. `close` it in any case. */
export class RemoteReader {
  readonly count: number;
  readonly #node: RemoteNode;
  readonly #blocks: BlockSelection;
  readonly #cache: AnswerCache | undefined;
  readonly #carried: CarriedState;

  private constructor(node: RemoteNode, blocks: BlockSelection, cache: AnswerCache | undefined) {
    this.count = blocks.count;
    this.#node = node;
    this.#blocks = blocks;
    this.#cache = cache;
    this.#carried = new CarriedState(node.client, cache);
  }

  /** Throws RpcError, StoreError, also BRAID_UNKNOWN_CHAIN, InvalidChainError. */
  static async open({ client, blocks, chain, cache }: RemoteBlocks): Promise<RemoteReader> {
    const answers = cache === undefined ? undefined : await AnswerCache.open(cache);
    try {
      return new RemoteReader(await RemoteNode.connect(client, chain, answers), blocks, answers);
    } catch (error) {
      await answers?.close();
      throw error;
    }
  }

  /** What replays call the node: no file, and nothing secret. */
  get name(): string {
    return this.#node.client.host;
  }

  *turns(): Generator<RemoteTurn> {
    const waiting: RemoteTurn[] = [];
    let index = 0;
    for (const reference of this.#blocks.references()) {
      const file = this.#load(reference);
      // Its turn comes later, or never.
      file.catch(() => {});
      waiting.push({ index: index++, file });
      if (waiting.length > AHEAD) yield waiting.shift() as RemoteTurn; // it has just got longer
    }
    yield* waiting;
  }

  /** Forgets what was answered about a block's state: the block did not come out right on it. */
  async forget({ blocks }: BlockSource): Promise<void> {
    for (const { input } of blocks) await this.#cache?.forget(input.header.parentHash);
  }

  async close(): Promise<void> {
    await this.#cache?.close();
  }

  async #load(reference: BlockReference): Promise<BlockSource> {
    const { block, parent } = await fetchBlock(this.#node, reference);
    const source = this.#carried.after(parent);
    return {
      path: this.name,
      chain: this.#node.chain,
      blocks: [block],
      parentState: {
        kind: "remote",
        source,
        advance: (changes) => this.#carried.advance(block.hash, source.stateRoot, changes),
      },
      blockHashes: new Map(),
    };
  }
}
