// For tests: chains that begin with a few rich accounts, and blocks on top of them that are valid until a test says otherwise.

import type { Executor, WithdrawalInput } from "@braid/executor";
import { keccak256 } from "@braid/kernel";
import { bytesToHex, type Hex } from "@braid/primitives";
import {
  type BegunStore,
  changesOfAlloc,
  type GenesisAlloc,
  MemoryStateStore,
  orderedTrieRoot,
} from "@braid/state";
import { type BlockHeader, createBlockHeader, type HeaderData } from "@ethereumjs/block";
import { Common } from "@ethereumjs/common";
import { RLP } from "@ethereumjs/rlp";
import { Address } from "@ethereumjs/util";
import { keyed } from "../../../executor/src/testing/accounts.ts";
import { REQUEST_CONTRACTS } from "../../../executor/src/testing/block-builder.ts";
import { Chain } from "../chain.ts";
import { chainConfig, FORKS, type ForkName } from "../chain-config.ts";

const COINBASE = new Uint8Array(20).fill(0xc0);
export const GAS_LIMIT = 10_000_000n;
/** The accounts keyed(0) to keyed(3) have so much. */
const WEALTH = 10n ** 21n;

type Field = Uint8Array | Field[];

export interface SealOptions {
  transactions?: Uint8Array[];
  /** Header items, as `seal` gives them. */
  uncles?: Field[][];
  withdrawals?: WithdrawalInput[];
  /** Set before the block is executed and its roots are computed. */
  header?: HeaderData;
  /** Set afterwards: these are lies. */
  lies?: HeaderData;
}

export interface SealedBlock {
  header: BlockHeader;
  /** The header's encoded fields. */
  items: Field[];
  body: Field[];
  rlp: Uint8Array;
}

export class TestChain {
  readonly chain: Chain;
  readonly store: BegunStore;
  readonly common: Common;
  readonly #executor: Executor;

  /**
   * @param fork holds from the first block on, unless `later` begins at its block or timestamp.
   */
  constructor(
    executor: Executor,
    fork: ForkName,
    later: { fork: ForkName; at: number }[] = [],
    alloc: GenesisAlloc = {},
  ) {
    const names: ForkName[] = FORKS.map(([name]) => name).filter((name) => name !== "dao");
    const forks = names.slice(0, names.indexOf(fork) + 1).map((name) => ({ fork: name, at: 0 }));
    this.common = new Common({
      chain: chainConfig({ name: "test", chainId: 1, forks: [...forks, ...later] }),
    });
    this.#executor = executor;
    const rich = [0, 1, 2, 3].map((i) => [bytesToHex(keyed(i).address), { balance: String(WEALTH) }]);
    const contracts = REQUEST_CONTRACTS.map((address) => [bytesToHex(address), { code: "0x00" }]);
    const whole = { ...Object.fromEntries([...rich, ...contracts]), ...alloc };
    const { root } = new MemoryStateStore().prepare(undefined, changesOfAlloc(whole));
    this.common.setHardforkBy({ blockNumber: 0n, timestamp: 0n });
    const header = createBlockHeader(
      { gasLimit: GAS_LIMIT, stateRoot: root, difficulty: 131_072n },
      { common: this.common, skipConsensusFormatValidation: true },
    );
    this.store = MemoryStateStore.fromAlloc(whole, { hash: header.hash(), number: 0n });
    this.chain = new Chain({
      common: this.common,
      store: this.store,
      executor,
      head: { header, hash: header.hash() },
    });
  }

  get parent(): BlockHeader {
    return this.chain.head.header;
  }

  /** A block on top of the head; valid unless the options make it something else. */
  async seal(options: SealOptions = {}): Promise<SealedBlock> {
    const { parent } = this;
    const { transactions = [], uncles = [], withdrawals = [] } = options;
    const number = parent.number + 1n;
    const timestamp = parent.timestamp + 13n;
    this.common.setHardforkBy({ blockNumber: number, timestamp });
    const draft = this.#header(parent, {
      parentHash: parent.hash(),
      number,
      timestamp,
      coinbase: new Address(COINBASE),
      gasLimit: parent.gasLimit,
      uncleHash: keccak256(RLP.encode(uncles)),
      transactionsTrie: orderedTrieRoot(transactions),
      ...(this.common.isActivatedEIP(4895)
        ? { withdrawalsRoot: orderedTrieRoot(withdrawals.map((w) => RLP.encode(withdrawalItems(w)))) }
        : {}),
      ...options.header,
    });
    const roots = await this.#execute(draft, options);
    const header = createBlockHeader(
      { ...fieldsOf(draft), ...roots, ...options.lies },
      { common: this.common, skipConsensusFormatValidation: true },
    );
    const items = header.raw() as Field[];
    const body: Field[] = [transactions.map(bodyItem), uncles];
    if (this.common.isActivatedEIP(4895)) body.push(withdrawals.map(withdrawalItems));
    return { header, items, body, rlp: RLP.encode([items, ...body]) };
  }

  /** Seals a valid block and imports it. */
  async extend(options: SealOptions = {}): Promise<SealedBlock> {
    const sealed = await this.seal(options);
    await this.chain.importBlock(sealed.rlp);
    return sealed;
  }

  #header(parent: BlockHeader, data: HeaderData): BlockHeader {
    const options = { common: this.common, skipConsensusFormatValidation: true };
    const draft = createBlockHeader(data, options);
    const fees = parent.common.isActivatedEIP(1559) ? parent.calcNextBaseFee() : 1_000_000_000n;
    return createBlockHeader(
      {
        ...fieldsOf(draft),
        ...(this.common.consensusType() === "pow"
          ? { difficulty: draft.ethashCanonicalDifficulty(parent) }
          : {}),
        ...(this.common.isActivatedEIP(1559) ? { baseFeePerGas: fees } : {}),
        ...(this.common.isActivatedEIP(4844)
          ? { excessBlobGas: parent.calcNextExcessBlobGas(draft.common) }
          : {}),
        ...data,
      },
      options,
    );
  }

  /** What a valid header says about the execution; nothing for a block that cannot be executed. */
  async #execute(
    header: BlockHeader,
    { transactions = [], uncles = [], withdrawals = [] }: SealOptions,
  ): Promise<HeaderData> {
    const decoded = uncles.map((items) => ({
      number: BigInt(bytesToHex(items[8] as Uint8Array)),
      coinbase: items[2] as Uint8Array,
    }));
    const parent = this.parent.hash();
    try {
      const result = await this.#executor.executeBlock({
        block: { header, transactions, uncles: decoded, withdrawals },
        common: header.common,
        source: this.store.stateAt(parent),
        intermediateRoots: (changes) => this.store.prepare(parent, changes).root,
      });
      return {
        gasUsed: result.gasUsed,
        logsBloom: result.logsBloom,
        stateRoot: this.store.prepare(parent, result.stateChanges).root,
        ...(result.receiptsRoot === undefined ? {} : { receiptTrie: result.receiptsRoot }),
        ...(header.blobGasUsed === undefined ? {} : { blobGasUsed: result.blobGasUsed }),
        ...(result.requestsHash === undefined ? {} : { requestsHash: result.requestsHash }),
      };
    } catch (error) {
      // A test of a transaction that no block may have.
      if (error instanceof Error && "code" in error) return {};
      throw error;
    }
  }
}

/** A header's fields as data to make another one of. */
function fieldsOf(header: BlockHeader): HeaderData {
  const json = header.toJSON() as Record<string, Hex | undefined>;
  return Object.fromEntries(Object.entries(json).filter(([, value]) => value !== undefined)) as HeaderData;
}

function bodyItem(raw: Uint8Array): Field {
  return (raw[0] as number) >= 0xc0 ? (RLP.decode(raw) as Field) : raw;
}

function withdrawalItems({ index, validatorIndex, address, amount }: WithdrawalInput): Field[] {
  return RLP.decode(RLP.encode([index, validatorIndex, address, amount])) as Field[];
}
