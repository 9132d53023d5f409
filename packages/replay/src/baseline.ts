// The baseline: the same block on stock @ethereumjs/vm, runBlock over a MerkleStateManager. Also an oracle that shares no code with the executor.
import { commonOf } from "@braid/executor";
import { bigIntToBytes32, bytesToHex, type Hex } from "@braid/primitives";
import { type Chain, encodeHeader } from "@braid/protocol";
import { EMPTY_CODE_HASH_HEX, type FlatPreState } from "@braid/state";
import { Block, createBlockHeader, createBlockHeaderFromRLP } from "@ethereumjs/block";
import type { Common } from "@ethereumjs/common";
import { Caches, MerkleStateManager } from "@ethereumjs/statemanager";
import { createTxFromRLP } from "@ethereumjs/tx";
import { Account, Address, createWithdrawal } from "@ethereumjs/util";
import { createVM, type RunBlockResult, runBlock, type VM } from "@ethereumjs/vm";
import type { LoadedBlock } from "./block-file.ts";
import { loadKzg } from "./kzg.ts";

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
  readonly #common: Common;

  private constructor(vm: VM, state: MerkleStateManager, common: Common) {
    this.#vm = vm;
    this.#state = state;
    this.#common = common;
  }

  /** Builds the tries from a flat state; `blockHashes` answers BLOCKHASH and may grow later. */
  static async create(
    chain: Chain,
    pre: FlatPreState,
    blockHashes: ReadonlyMap<bigint, Uint8Array>,
  ): Promise<StockRunner> {
    const common = commonOf(chain, "chainstart", { kzg: await loadKzg() });
    const state = new MerkleStateManager({ common, caches: new Caches() });
    await fill(state, pre);
    const blockchain = {
      getBlock: async (number: number) => ({ hash: () => hashOf(blockHashes, BigInt(number)) }),
      putBlock: async () => {},
      shallowCopy: () => blockchain,
    };
    const vm = await createVM({ common, stateManager: state, blockchain, setHardfork: false });
    return new StockRunner(vm, state, common);
  }

  /**
   * Runs a block untimed and gives the function that runs it again, timed (milliseconds), from the same state and with new transaction objects.
   * The state is then the one after the block. Throws what ethereumjs throws.
   */
  async prepare(
    block: LoadedBlock,
  ): Promise<{ result: StockResult; run: (options?: StockRunOptions) => Promise<number> }> {
    this.#common.setHardfork(block.fork);
    const parentRoot = await this.#state.getStateRoot();
    const first = await runBlock(this.#vm, {
      block: this.#stockBlock(block),
      generate: true,
      skipBlockValidation: true,
    });
    const roots = { stateRoot: first.stateRoot, receiptsRoot: first.receiptsRoot };
    const run = async (options: StockRunOptions = {}): Promise<number> => {
      await this.#state.setStateRoot(parentRoot);
      const stock = this.#stockBlock(block, roots);
      if (options.sendersKnown === true) for (const tx of stock.transactions) tx.getSenderAddress();
      const start = performance.now();
      await runBlock(this.#vm, { block: stock, skipBlockValidation: true });
      return performance.now() - start;
    };
    return { result: resultOf(first), run };
  }

  #stockBlock(
    { input }: LoadedBlock,
    roots: { stateRoot?: Uint8Array; receiptsRoot?: Uint8Array } = {},
  ): Block {
    const options = { common: this.#common, skipConsensusFormatValidation: true };
    const header = createBlockHeaderFromRLP(encodeHeader({ ...input.header, ...roots }), options);
    // Frozen, as they are by default: ethereumjs caches a sender only in frozen transactions.
    const transactions = input.transactions.map((raw) => createTxFromRLP(raw, { common: this.#common }));
    const withdrawals = input.withdrawals?.map(({ address, ...rest }) =>
      createWithdrawal({ ...rest, address: new Address(address) }),
    );
    const block = new Block(header, transactions, [], withdrawals, { ...options, freeze: false });
    // The constructor validates uncles against rules that need their whole headers; rewards need the coinbase and the number.
    const uncles = input.uncles.map(({ coinbase, number }) =>
      createBlockHeader({ coinbase: new Address(coinbase), number, gasLimit: 5000n }, options),
    );
    return Object.assign(block, { uncleHeaders: uncles });
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

async function fill(state: MerkleStateManager, pre: FlatPreState): Promise<void> {
  const codes = new Map<Hex, Uint8Array>(pre.codes.map(([hash, code]) => [bytesToHex(hash), code]));
  for (const { address: bytes, account, storage } of pre.accounts) {
    if (account === undefined) continue;
    const address = new Address(bytes);
    await state.putAccount(address, new Account(account.nonce, account.balance));
    const codeHash = bytesToHex(account.codeHash);
    if (codeHash !== EMPTY_CODE_HASH_HEX) {
      const code = codes.get(codeHash);
      if (code !== undefined) await state.putCode(address, code);
    }
    for (const [slot, value] of storage)
      if (value !== 0n) await state.putStorage(address, slot, bigIntToBytes32(value));
  }
  await state.flush();
}

function hashOf(hashes: ReadonlyMap<bigint, Uint8Array>, number: bigint): Uint8Array {
  const hash = hashes.get(number);
  if (hash === undefined) throw new Error(`The hash of block ${number} is not in the file.`);
  return hash;
}
