// The baseline: blocks on stock @ethereumjs/vm with a clock, runBlock over a MerkleStateManager.
import type { Block, Chain, ForkName } from "@braid/protocol";
import type { FlatPreState } from "@braid/state";
import { Caches, MerkleStateManager } from "@ethereumjs/statemanager";
import { type RunBlockResult, runBlock, type VM } from "@ethereumjs/vm";
import { stockBlock } from "./stock-block.ts";
import { stockCommon } from "./stock-common.ts";
import { fillState } from "./stock-state.ts";
import { stockVm } from "./stock-vm.ts";

/** What stock ethereumjs makes of a block. */
export interface StockResult {
  gasUsed: bigint;
  receiptsRoot: Uint8Array;
  logsBloom: Uint8Array;
  /** Of the tries that were built from the flat state: the chain's only when that state was complete. */
  stateRoot: Uint8Array;
  /** In the order of the transactions; logs are [address, topics, data]. */
  receipts: { status?: 0 | 1; cumulativeGasUsed: bigint; logs: [Uint8Array, Uint8Array[], Uint8Array][] }[];
}

/** A block and the fork that rules it. */
export interface StockBlock {
  fork: ForkName;
  input: Block;
}

/** How a block is run on the baseline. */
export interface StockRunOptions {
  /** Senders (and with them the recovery of signatures) are worked out before the clock starts. */
  sendersKnown?: boolean;
}

/**
 * Stock ethereumjs over one state. Building the tries is not part of any time. A block is first run once untimed: that warms up the code as
 * Braid's workers are warm, and gives the roots that its header must have for `runBlock` to accept it over a state that is not the chain's.
 */
export class StockRunner {
  readonly #vm: VM;
  readonly #state: MerkleStateManager;

  private constructor(vm: VM, state: MerkleStateManager) {
    this.#vm = vm;
    this.#state = state;
  }

  /** Builds the tries from a flat state; `blockHashes` answers BLOCKHASH and may grow later. */
  static async create(
    chain: Chain,
    pre: FlatPreState,
    blockHashes: ReadonlyMap<bigint, Uint8Array>,
  ): Promise<StockRunner> {
    const common = await stockCommon(chain, "chainstart");
    const state = new MerkleStateManager({ common, caches: new Caches() });
    await fillState(state, pre);
    return new StockRunner(await stockVm(state, blockHashes), state);
  }

  /**
   * Runs a block untimed and gives the function that runs it again, timed (milliseconds), from the same state and with new transaction objects.
   * The state is then the one after the block. Throws what ethereumjs throws.
   */
  async prepare(
    block: StockBlock,
  ): Promise<{ result: StockResult; run: (options?: StockRunOptions) => Promise<number> }> {
    const { common } = this.#vm;
    common.setHardfork(block.fork);
    const parentRoot = await this.#state.getStateRoot();
    const first = await runBlock(this.#vm, {
      block: stockBlock(common, block.input),
      generate: true,
      skipBlockValidation: true,
    });
    const roots = { stateRoot: first.stateRoot, receiptsRoot: first.receiptsRoot };
    const run = async (options: StockRunOptions = {}): Promise<number> => {
      await this.#state.setStateRoot(parentRoot);
      const stock = stockBlock(common, block.input, roots);
      if (options.sendersKnown === true) for (const tx of stock.transactions) tx.getSenderAddress();
      const start = performance.now();
      await runBlock(this.#vm, { block: stock, skipBlockValidation: true });
      return performance.now() - start;
    };
    return { result: resultOf(first), run };
  }
}

function resultOf(run: RunBlockResult): StockResult {
  const receipts = run.receipts.map((receipt) => ({
    ...("status" in receipt ? { status: receipt.status } : {}),
    cumulativeGasUsed: receipt.cumulativeBlockGasUsed,
    logs: receipt.logs,
  }));
  const { gasUsed, receiptsRoot, logsBloom, stateRoot } = run;
  return { gasUsed, receiptsRoot, logsBloom, stateRoot, receipts };
}
