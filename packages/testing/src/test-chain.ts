// For tests: chains that begin with a few rich accounts, and blocks on top of them that are valid until a test says otherwise.

import { Blockchain } from "@braid/chain";
import type { Executor } from "@braid/executor";
import { BaseError, bytesToHex } from "@braid/primitives";
import {
  Chain,
  createHeader,
  encodeBlock,
  ethashDifficulty,
  type ForkName,
  type Header,
  hashHeader,
  isTimed,
  nextBaseFee,
  nextExcessBlobGas,
  transactionsRoot,
  unclesHash,
  type Withdrawal,
  withdrawalsRoot,
} from "@braid/protocol";
import { type BegunStore, changesOfAlloc, type GenesisAlloc, MemoryStateStore } from "@braid/state";
import { keyed } from "./accounts.ts";
import { REQUEST_CONTRACTS } from "./block-builder.ts";

const COINBASE = new Uint8Array(20).fill(0xc0);
export const GAS_LIMIT = 10_000_000n;
/** The accounts keyed(0) to keyed(3) have so much. */
const WEALTH = 10n ** 21n;

export interface SealOptions {
  transactions?: Uint8Array[];
  uncles?: Header[];
  withdrawals?: Withdrawal[];
  /** Set before the block is executed and its roots are computed. */
  header?: Partial<Header>;
  /** Set afterwards: these are lies. */
  lies?: Partial<Header>;
}

export interface SealedBlock {
  header: Header;
  rlp: Uint8Array;
}

/** A fork and the block or timestamp at which it begins. */
export interface LaterFork {
  fork: ForkName;
  at: number;
}

export class TestChain {
  readonly chain: Blockchain;
  readonly store: BegunStore;
  readonly rules: Chain;
  readonly #executor: Executor;

  /**
   * @param fork holds from the first block on, unless `later` begins at its block or timestamp.
   */
  constructor(executor: Executor, fork: ForkName, later: LaterFork[] = [], alloc: GenesisAlloc = {}) {
    const hardforks = [{ fork, at: 0 }, ...later].map(({ fork: name, at }) =>
      isTimed(name) ? { name, timestamp: at } : { name, block: at },
    );
    this.rules = new Chain({ name: "test", chainId: 1, hardforks });
    this.#executor = executor;
    const rich = [0, 1, 2, 3].map((i) => [bytesToHex(keyed(i).address), { balance: String(WEALTH) }]);
    const contracts = REQUEST_CONTRACTS.map((address) => [bytesToHex(address), { code: "0x00" }]);
    const whole = { ...Object.fromEntries([...rich, ...contracts]), ...alloc };
    const { root } = new MemoryStateStore().prepare(undefined, changesOfAlloc(whole));
    const head = createHeader(
      { gasLimit: GAS_LIMIT, stateRoot: root, difficulty: 131_072n },
      this.rules.rulesAt({ number: 0n, timestamp: 0n }),
    );
    this.store = MemoryStateStore.fromAlloc(whole, { hash: hashHeader(head), number: 0n });
    this.chain = new Blockchain({ chain: this.rules, store: this.store, executor, head });
  }

  get parent(): Header {
    return this.chain.head.header;
  }

  /** A block on top of the head; valid unless the options make it something else. */
  async seal(options: SealOptions = {}): Promise<SealedBlock> {
    const { transactions = [], uncles = [], withdrawals = [] } = options;
    const draft = this.#draft(options);
    const header = { ...draft, ...(await this.#execute(draft, options)), ...options.lies };
    const rlp = encodeBlock({
      header,
      transactions,
      uncles,
      ...(header.withdrawalsRoot === undefined ? {} : { withdrawals }),
    });
    return { header, rlp };
  }

  /** Seals a valid block and imports it. */
  async extend(options: SealOptions = {}): Promise<SealedBlock> {
    const sealed = await this.seal(options);
    await this.chain.importBlock(sealed.rlp);
    return sealed;
  }

  #draft({ transactions = [], uncles = [], withdrawals = [], header = {} }: SealOptions): Header {
    const { parent } = this;
    const position = { number: parent.number + 1n, timestamp: parent.timestamp + 13n };
    const rules = this.rules.rulesAt(position);
    return createHeader(
      {
        ...position,
        parentHash: hashHeader(parent),
        coinbase: COINBASE,
        gasLimit: parent.gasLimit,
        unclesHash: unclesHash(uncles),
        transactionsRoot: transactionsRoot(transactions),
        ...(rules.proofOfWork ? { difficulty: ethashDifficulty(position, parent, rules) } : {}),
        ...(rules.eip4895 ? { withdrawalsRoot: withdrawalsRoot(withdrawals) } : {}),
        ...(rules.eip1559 ? { baseFeePerGas: nextBaseFee(parent) } : {}),
        ...(rules.eip4844 ? { excessBlobGas: nextExcessBlobGas(parent, rules) } : {}),
        ...header,
      },
      rules,
    );
  }

  /** What a valid header says about the execution; nothing for a block that cannot be executed. */
  async #execute(
    header: Header,
    { transactions = [], uncles = [], withdrawals = [] }: SealOptions,
  ): Promise<Partial<Header>> {
    const parent = hashHeader(this.parent);
    try {
      const result = await this.#executor.executeBlock({
        block: {
          header,
          transactions,
          uncles,
          ...(header.withdrawalsRoot === undefined ? {} : { withdrawals }),
        },
        chain: this.rules,
        source: this.store.stateAt(parent),
        intermediateRoots: (changes) => this.store.prepare(parent, changes).root,
      });
      return {
        gasUsed: result.gasUsed,
        logsBloom: result.logsBloom,
        stateRoot: this.store.prepare(parent, result.stateChanges).root,
        ...(result.receiptsRoot === undefined ? {} : { receiptsRoot: result.receiptsRoot }),
        ...(header.blobGasUsed === undefined ? {} : { blobGasUsed: result.blobGasUsed }),
        ...(result.requestsHash === undefined ? {} : { requestsHash: result.requestsHash }),
      };
    } catch (error) {
      // A test of a transaction that no block may have.
      if (error instanceof BaseError) return {};
      throw error;
    }
  }
}
