// Stock ethereumjs beside a file: over the state that the file lists, or over what a block was seen to read.
import { type StockResult, StockRunner } from "@braid/stock";
import type { BlockSource } from "./block-file.ts";
import type { BlockRunner } from "./block-runner.ts";

/** A block that stock ethereumjs has run once, and how to run it again with a clock (milliseconds). */
export interface PreparedBlock {
  result: StockResult;
  run: () => Promise<number>;
}

/** Prepares a file's blocks for stock ethereumjs. */
export class StockBaseline {
  readonly #file: BlockSource;
  readonly #follows: boolean;
  #runner: StockRunner | undefined;
  #prepared: { number: bigint; block: PreparedBlock } | undefined;

  /**
   * `follows`: every block of the file will be prepared, in order, so that one state can move on from block to block.
   * Otherwise, and where nothing is listed, a block's pre-state is recorded from one more sequential run.
   */
  constructor(file: BlockSource, follows: boolean) {
    this.#file = file;
    this.#follows = follows && "pre" in file.parentState;
  }

  /** Throws what ethereumjs throws. */
  async prepare(runner: BlockRunner): Promise<PreparedBlock> {
    const { block } = runner;
    if (this.#prepared?.number === block.number) return this.#prepared.block;
    const stock = this.#follows ? await this.#listed() : await this.#recorded(runner);
    this.#prepared = { number: block.number, block: await stock.prepare(block) };
    return this.#prepared.block;
  }

  async #listed(): Promise<StockRunner> {
    const { chain, parentState, blockHashes, blocks } = this.#file;
    if (!("pre" in parentState)) throw new TypeError(`a state of kind ${parentState.kind} is not listed`);
    const hashes = new Map([
      ...blockHashes,
      ...blocks.map(({ number, hash }): [bigint, Uint8Array] => [number, hash]),
    ]);
    this.#runner ??= await StockRunner.create(chain, parentState.pre, hashes);
    return this.#runner;
  }

  async #recorded(runner: BlockRunner): Promise<StockRunner> {
    const recording = await runner.record();
    return await StockRunner.create(this.#file.chain, await recording.preState(), recording.blockHashes);
  }
}
