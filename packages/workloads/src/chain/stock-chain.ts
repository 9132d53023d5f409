// A chain that grows on stock @ethereumjs/vm: `runBlock` over a MerkleStateManager makes every root in its headers.
// Nothing of Braid takes part in the execution: a block that Braid replays right is right by another implementation's word.

import { commonOf } from "@braid/executor";
import { bytesToBigInt, bytesToHex, hexToBytes } from "@braid/primitives";
import { chainOf } from "@braid/protocol";
import type { Bundle } from "@braid/replay";
import type { FlatPreState } from "@braid/state";
import {
  Block,
  type BlockHeader,
  createBlockHeader,
  genRequestsRoot,
  genTransactionsTrieRoot,
  genWithdrawalsTrieRoot,
  type HeaderData,
} from "@ethereumjs/block";
import type { Common } from "@ethereumjs/common";
import { createTxFromRLP, type TypedTransaction } from "@ethereumjs/tx";
import { createAddressFromString, createWithdrawal } from "@ethereumjs/util";
import { createVM, runBlock, runTx, type VM } from "@ethereumjs/vm";
import { sha256 } from "@noble/hashes/sha2.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import secp256k1 from "secp256k1";
import { BLOCK_GAS_LIMIT, DEMO_CHAIN, GENESIS_TIME, HARDFORK, SECONDS_PER_BLOCK } from "./chain-spec.ts";
import { RecordingStateManager } from "./recording-state-manager.ts";

/** What a block contains beside its transactions. */
export interface BlockAttributes {
  /** Who gets the tips; 20 bytes. */
  coinbase: Uint8Array;
  withdrawals?: Withdrawal[];
}

interface Withdrawal {
  index: bigint;
  validatorIndex: bigint;
  address: Uint8Array;
  /** In gwei. */
  amount: bigint;
}

export interface MinedBlock {
  /** The block in consensus RLP. */
  rlp: Uint8Array;
  header: BlockHeader;
  gasUsed: bigint;
  /** One for each transaction, in order. */
  outcomes: TransactionOutcome[];
}

interface TransactionOutcome {
  succeeded: boolean;
  gasUsed: bigint;
  /** The EVM's name for what went wrong. */
  error?: string;
  logs: number;
}

/** What a transaction would do. */
export interface Rehearsal {
  /** The EVM's name for what went wrong, and what the call answered. */
  error?: string;
  gasUsed: bigint;
  /** Then it needs more than it uses: a fifth comes back at most (EIP-3529). */
  hasRefund: boolean;
  /** With less the transaction would be invalid. */
  leastGas: bigint;
  /** Everything that it touches. */
  accessList: [address: Uint8Array, slots: Uint8Array[]][];
}

const NOBODY = new Uint8Array(20);

/** What a transaction pays before it does anything, or for its data alone (EIP-7623). */
function leastGasOf(tx: TypedTransaction): bigint {
  const tokens = tx.data.reduce((sum, byte) => sum + (byte === 0 ? 1n : 4n), 0n);
  const floor = 21_000n + 10n * tokens;
  const intrinsic = tx.getIntrinsicGas();
  return intrinsic > floor ? intrinsic : floor;
}

export class StockChain {
  readonly common: Common;
  /** The header on which the next block builds; that of the genesis block at first. */
  head: BlockHeader;
  /** Of all blocks so far, by number: what BLOCKHASH answers. */
  readonly hashes: Map<bigint, Uint8Array>;
  readonly #vm: VM;
  readonly #state: RecordingStateManager;

  private constructor(
    vm: VM,
    state: RecordingStateManager,
    head: BlockHeader,
    hashes: Map<bigint, Uint8Array>,
  ) {
    this.common = vm.common;
    this.head = head;
    this.hashes = hashes;
    this.#vm = vm;
    this.#state = state;
  }

  /** A chain whose genesis block has this state; `gasLimit` is that of all its blocks. */
  static async create(genesis: FlatPreState, gasLimit = BLOCK_GAS_LIMIT): Promise<StockChain> {
    const common = commonOf(chainOf(DEMO_CHAIN), HARDFORK);
    // Native recovery of senders: the same function, twenty times as fast as the JavaScript one.
    common.customCrypto.ecrecover = recoverPublicKey;
    const state = new RecordingStateManager(common);
    const stateRoot = await state.load(genesis);
    const head = createBlockHeader(
      {
        number: 0n,
        timestamp: GENESIS_TIME,
        gasLimit,
        baseFeePerGas: 1_000_000_000n,
        stateRoot,
        withdrawalsRoot: await genWithdrawalsTrieRoot([]),
        blobGasUsed: 0n,
        excessBlobGas: 0n,
        parentBeaconBlockRoot: new Uint8Array(32),
        requestsHash: genRequestsRoot([], sha256),
      },
      { common },
    );
    const hashes = new Map([[head.number, head.hash()]]);
    const blockchain = {
      getBlock: async (number: number) => {
        const hash = hashes.get(BigInt(number));
        if (hash === undefined) throw new Error(`the hash of block ${number} is not known`);
        return { hash: () => hash };
      },
      putBlock: async () => {},
      shallowCopy: () => blockchain,
    };
    return new StockChain(await createVM({ common, stateManager: state, blockchain }), state, head, hashes);
  }

  /** The base fee that the next block will have, in wei. */
  get nextBaseFee(): bigint {
    return this.head.calcNextBaseFee();
  }

  /** Makes the next block of signed transactions (EIP-2718 encodings). Throws when one of them is invalid. */
  async mine(transactions: readonly Uint8Array[], attributes: BlockAttributes): Promise<MinedBlock> {
    const { common } = this;
    const typed = transactions.map((bytes) => createTxFromRLP(bytes, { common }));
    const withdrawals = (attributes.withdrawals ?? []).map(createWithdrawal);
    const before: HeaderData = {
      ...this.#nextHeader(attributes.coinbase),
      transactionsTrie: await genTransactionsTrieRoot(typed),
      withdrawalsRoot: await genWithdrawalsTrieRoot(withdrawals),
      extraData: new TextEncoder().encode("braid"),
    };
    const unsealed = new Block(createBlockHeader(before, { common }), typed, [], withdrawals, { common });
    const result = await runBlock(this.#vm, { block: unsealed, generate: true, skipBlockValidation: true });
    const header = createBlockHeader(
      {
        ...before,
        stateRoot: result.stateRoot,
        receiptTrie: result.receiptsRoot,
        logsBloom: result.logsBloom,
        gasUsed: result.gasUsed,
        ...(result.requestsHash === undefined ? {} : { requestsHash: result.requestsHash }),
      },
      { common },
    );
    this.head = header;
    this.hashes.set(header.number, header.hash());
    const outcomes = result.results.map(({ execResult, totalGasSpent, receipt }): TransactionOutcome => {
      const error = execResult.exceptionError?.error;
      return {
        succeeded: error === undefined,
        gasUsed: totalGasSpent,
        logs: receipt.logs.length,
        ...(error && { error }),
      };
    });
    return {
      rlp: new Block(header, typed, [], withdrawals, { common }).serialize(),
      header,
      gasUsed: result.gasUsed,
      outcomes,
    };
  }

  /**
   * What transactions would do one after the other in the next block, which then never was. They may ask for more gas together than a block
   * has. Throws when one of them is invalid.
   */
  async rehearse(transactions: readonly Uint8Array[], { coinbase }: BlockAttributes): Promise<Rehearsal[]> {
    const { common } = this;
    const block = new Block(createBlockHeader(this.#nextHeader(coinbase), { common }), [], [], [], {
      common,
    });
    const rehearsals: Rehearsal[] = [];
    await this.#state.checkpoint();
    try {
      for (const bytes of transactions) {
        const tx = createTxFromRLP(bytes, { common });
        const { totalGasSpent, execResult, accessList } = await runTx(this.#vm, {
          tx,
          block,
          reportAccessList: true,
          skipBlockGasLimitValidation: true,
          skipHardForkValidation: true,
        });
        const { exceptionError, gasRefund = 0n } = execResult;
        const error = exceptionError && `${exceptionError.error} ${bytesToHex(execResult.returnValue)}`;
        rehearsals.push({
          ...(error && { error }),
          gasUsed: totalGasSpent,
          hasRefund: gasRefund > 0n,
          leastGas: leastGasOf(tx),
          accessList: (accessList ?? []).map(({ address, storageKeys }) => [
            hexToBytes(address),
            storageKeys.map(hexToBytes),
          ]),
        });
      }
    } finally {
      await this.#state.revert();
    }
    return rehearsals;
  }

  /** What a call would answer now; it leaves nothing behind. Throws when it fails. */
  async view({ to, data }: { to: Uint8Array; data: Uint8Array }): Promise<Uint8Array> {
    const { common } = this;
    const block = new Block(createBlockHeader(this.#nextHeader(NOBODY), { common }), [], [], [], { common });
    await this.#state.checkpoint();
    try {
      const { execResult } = await this.#vm.evm.runCall({
        to: createAddressFromString(bytesToHex(to)),
        data,
        block,
        gasLimit: 100_000_000n,
      });
      if (execResult.exceptionError !== undefined)
        throw new Error(
          `the call failed: ${execResult.exceptionError.error} ${bytesToHex(execResult.returnValue)}`,
        );
      return execResult.returnValue;
    } finally {
      await this.#state.revert();
      this.#vm.evm.journal.cleanup();
    }
  }

  /** What the next block's header says before its transactions are known. */
  #nextHeader(coinbase: Uint8Array): HeaderData {
    const number = this.head.number + 1n;
    return {
      parentHash: this.head.hash(),
      number,
      timestamp: this.head.timestamp + SECONDS_PER_BLOCK,
      coinbase,
      gasLimit: this.head.gasLimit,
      baseFeePerGas: this.nextBaseFee,
      blobGasUsed: 0n,
      excessBlobGas: this.head.calcNextExcessBlobGas(this.common),
      // Both come from the beacon chain; here they only have to differ from block to block.
      mixHash: keccak_256(new TextEncoder().encode(`randao/${number}`)),
      parentBeaconBlockRoot: keccak_256(new TextEncoder().encode(`beacon/${number - 1n}`)),
    };
  }

  /** A storage slot's present value. */
  async storageAt(address: Uint8Array, slot: Uint8Array): Promise<bigint> {
    return bytesToBigInt(await this.#state.getStorage(createAddressFromString(bytesToHex(address)), slot));
  }

  async balanceOf(address: Uint8Array): Promise<bigint> {
    return (await this.#state.getAccount(createAddressFromString(bytesToHex(address))))?.balance ?? 0n;
  }

  /** The last block and the whole state after it. */
  async point(): Promise<ChainPoint> {
    return { header: this.head, state: await this.#state.dump(), hashes: new Map(this.hashes) };
  }
}

/** Where a chain stands: what a bundle of the blocks behind it begins with. */
export interface ChainPoint {
  header: BlockHeader;
  state: FlatPreState;
  hashes: ReadonlyMap<bigint, Uint8Array>;
}

/** Blocks that follow on a state as a bundle that can be replayed with state roots. */
export function toBundle(
  { header, state, hashes }: ChainPoint,
  blocks: Uint8Array[],
  comment: string,
): Bundle {
  return {
    chain: DEMO_CHAIN,
    blocks,
    state: { kind: "complete", pre: state, stateRoot: header.stateRoot },
    blockHashes: new Map([...hashes].filter(([number]) => header.number - number < 256n)),
    parentHeader: header.serialize(),
    comment,
  };
}

/** As `customCrypto.ecrecover` wants it: the 64-byte public key behind a signature; `v` is 27/28, a parity, or of EIP-155. */
function recoverPublicKey(
  hash: Uint8Array,
  v: bigint,
  r: Uint8Array,
  s: Uint8Array,
  chainId?: bigint,
): Uint8Array {
  const signature = new Uint8Array(64);
  signature.set(r, 32 - r.length);
  signature.set(s, 64 - s.length);
  const parity = v < 2n ? v : chainId === undefined ? v - 27n : v - (chainId * 2n + 35n);
  return secp256k1.ecdsaRecover(signature, Number(parity), hash, false).slice(1);
}
