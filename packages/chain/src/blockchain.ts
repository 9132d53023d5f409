// A chain of blocks: its newest one, the state after it, and the way of the next block onto it.

import type { BlockResult, ExecuteBlockInput, Executor } from "@braid/executor";
import { bytesToHex } from "@braid/primitives";
import {
  type Ancestor,
  ancestorOf,
  type Block,
  type Chain,
  type ChainInput,
  chainOf,
  decodeBlock,
  type Header,
  hashHeader,
  InvalidBlockError,
  UNCLE_GENERATIONS,
  validateBody,
  validateHeader,
  validateResult,
  validateUncles,
} from "@braid/protocol";
import type { StateStore } from "@braid/state";

export interface BlockchainOptions {
  chain: ChainInput;
  /** Keeps the state after `head`. */
  store: StateStore;
  executor: Pick<Executor, "executeBlock">;
  /** The block that the chain goes on from: the genesis block, or one whose descendants cannot have older blocks' children as uncles. */
  head: Header;
}

/** How blocks are executed; never what comes out. */
export type ImportOptions = Pick<
  ExecuteBlockInput,
  "mode" | "workers" | "force" | "hints" | "onProgress" | "signal"
>;

export interface ImportedBlock {
  block: Block;
  /** The block's (32 bytes). */
  hash: Uint8Array;
  result: BlockResult;
  stateRoot: Uint8Array;
}

export class Blockchain {
  readonly #chain: Chain;
  readonly #store: StateStore;
  readonly #executor: BlockchainOptions["executor"];
  /** Oldest first; the last one is the head. */
  #ancestors: Ancestor[];
  /** Imports run one after the other. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor({ chain, store, executor, head }: BlockchainOptions) {
    this.#chain = chainOf(chain);
    this.#store = store;
    this.#executor = executor;
    this.#ancestors = [ancestorOf({ header: head, uncles: [] })];
  }

  /** The newest block. */
  get head(): Ancestor {
    return this.#ancestors.at(-1) as Ancestor;
  }

  /**
   * Validates and executes a block on top of the head, and makes it the new head. When it rejects, chain and state are as before.
   *
   * @param raw the block's RLP.
   * @throws InvalidBlockError, InvalidTransactionError: the code names the rule that the block breaks; what executeBlock throws besides.
   */
  importBlock(raw: Uint8Array, options: ImportOptions = {}): Promise<ImportedBlock> {
    const result = this.#queue.then(() => this.#import(raw, options));
    this.#queue = result.catch(() => {});
    return result;
  }

  async #import(raw: Uint8Array, options: ImportOptions): Promise<ImportedBlock> {
    const chain = this.#chain;
    const block = decodeBlock(raw, chain);
    const { header } = block;
    const parent = this.head;
    if (bytesToHex(header.parentHash) !== parent.hash) {
      throw new InvalidBlockError(
        "BRAID_BLOCK_UNKNOWN_PARENT",
        `Block ${header.number} does not follow the head ${parent.hash}.`,
        { head: parent.hash },
      );
    }
    validateHeader(header, parent.header, chain);
    validateBody(block, chain);
    validateUncles(block, this.#ancestors, chain);
    const result = await this.#executor.executeBlock({
      ...options,
      block,
      chain,
      source: this.#store.stateAt(header.parentHash),
      intermediateRoots: (changes) => this.#store.prepare(header.parentHash, changes).root,
    });
    const after = this.#store.prepare(header.parentHash, result.stateChanges);
    validateResult(header, result, after.root);
    const hash = hashHeader(header);
    await after.commit({ hash, number: header.number });
    this.#ancestors.push(ancestorOf(block));
    this.#ancestors = this.#ancestors.slice(-UNCLE_GENERATIONS);
    return { block, hash, result, stateRoot: after.root };
  }
}
