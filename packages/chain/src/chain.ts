// A chain: its newest block, the state after it, and the way of the next block onto it.

import type { BlockResult, ExecuteBlockInput, Executor } from "@braid/executor";
import { bytesToHex } from "@braid/primitives";
import type { StateStore } from "@braid/state";
import type { BlockHeader } from "@ethereumjs/block";
import type { Common } from "@ethereumjs/common";
import { blockInput, type DecodedBlock, decodeBlock } from "./decode-block.ts";
import { BlockRejectedError } from "./errors.ts";
import { type Ancestor, UNCLE_GENERATIONS, validateBody, validateUncles } from "./validate-body.ts";
import { validateHeader } from "./validate-header.ts";
import { validateResult } from "./validate-result.ts";

export interface ChainOptions {
  /** The chain's forks. It is set to one fork after the other: give the chain its own. */
  common: Common;
  /** Keeps the state after `head`. */
  store: StateStore;
  executor: Pick<Executor, "executeBlock">;
  /** The block that the chain goes on from: the genesis block, or one whose descendants cannot have older blocks' children as uncles. */
  head: { header: BlockHeader; hash: Uint8Array };
}

/** How blocks are executed; never what comes out. */
export type ImportOptions = Pick<
  ExecuteBlockInput,
  "mode" | "workers" | "force" | "hints" | "onProgress" | "signal"
>;

export interface ImportedBlock {
  block: DecodedBlock;
  result: BlockResult;
  stateRoot: Uint8Array;
}

export class Chain {
  readonly #common: Common;
  readonly #store: StateStore;
  readonly #executor: ChainOptions["executor"];
  /** Oldest first; the last one is the head. */
  #ancestors: Ancestor[];
  /** Imports run one after the other. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor({ common, store, executor, head }: ChainOptions) {
    this.#common = common;
    this.#store = store;
    this.#executor = executor;
    this.#ancestors = [{ header: head.header, hash: bytesToHex(head.hash), uncles: [] }];
  }

  /** The newest block. */
  get head(): Ancestor {
    return this.#ancestors.at(-1) as Ancestor;
  }

  /**
   * Validates and executes a block on top of the head, and makes it the new head. When it rejects, chain and state are as before.
   *
   * @param raw the block's RLP.
   * @throws BlockRejectedError (this package's rules); InvalidTransactionError and InvalidBlockError's codes (the executor's).
   */
  importBlock(raw: Uint8Array, options: ImportOptions = {}): Promise<ImportedBlock> {
    const result = this.#queue.then(() => this.#import(raw, options));
    this.#queue = result.catch(() => {});
    return result;
  }

  async #import(raw: Uint8Array, options: ImportOptions): Promise<ImportedBlock> {
    const block = decodeBlock(raw, this.#common);
    const { header } = block;
    const parent = this.head;
    if (bytesToHex(header.parentHash) !== parent.hash) {
      throw new BlockRejectedError(
        "BRAID_BLOCK_UNKNOWN_PARENT",
        `Block ${header.number} does not follow the head ${parent.hash}.`,
        { head: parent.hash },
      );
    }
    validateHeader(header, parent.header);
    validateBody(block);
    validateUncles(block, this.#ancestors);
    const result = await this.#executor.executeBlock({
      ...options,
      block: blockInput(block),
      common: header.common,
      source: this.#store.stateAt(header.parentHash),
      intermediateRoots: (changes) => this.#store.prepare(header.parentHash, changes).root,
    });
    const after = this.#store.prepare(header.parentHash, result.stateChanges);
    validateResult(header, result, after.root);
    await after.commit({ hash: block.hash, number: header.number });
    this.#ancestors.push({
      header,
      hash: bytesToHex(block.hash),
      uncles: block.uncles.map((uncle) => bytesToHex(uncle.hash)),
    });
    this.#ancestors = this.#ancestors.slice(-UNCLE_GENERATIONS);
    return { block, result, stateRoot: after.root };
  }
}
