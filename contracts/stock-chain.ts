// A chain that grows on stock @ethereumjs/vm: `runBlock` over a MerkleStateManager makes every root in its headers.
// Nothing of Braid takes part in the execution: a block that Braid replays right is right by another implementation's word.

import { commonOf } from "@braid/executor";
import { bytesToBigInt, bytesToHex } from "@braid/primitives";
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
import { createTxFromRLP } from "@ethereumjs/tx";
import { createAddressFromString, createWithdrawal } from "@ethereumjs/util";
import { createVM, runBlock, type VM } from "@ethereumjs/vm";
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

export interface Withdrawal {
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

export interface TransactionOutcome {
  succeeded: boolean;
  gasUsed: bigint;
  /** The EVM's name for what went wrong. */
  error?: string;
  logs: number;
}

export class StockChain {
  readonly common: Common;
  /** The header on which the next block builds; that of the genesis block at first. */
  head: BlockHeader;
  readonly #vm: VM;
  readonly #state: RecordingStateManager;

  private constructor(vm: VM, state: RecordingStateManager, head: BlockHeader) {
    this.common = vm.common;
    this.head = head;
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
    return new StockChain(await createVM({ common, stateManager: state }), state, head);
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
    const number = this.head.number + 1n;
    const before: HeaderData = {
      parentHash: this.head.hash(),
      number,
      timestamp: this.head.timestamp + SECONDS_PER_BLOCK,
      coinbase: attributes.coinbase,
      gasLimit: this.head.gasLimit,
      baseFeePerGas: this.nextBaseFee,
      blobGasUsed: 0n,
      excessBlobGas: this.head.calcNextExcessBlobGas(common),
      // Both come from the beacon chain; here they only have to differ from block to block.
      mixHash: keccak_256(new TextEncoder().encode(`randao/${number}`)),
      parentBeaconBlockRoot: keccak_256(new TextEncoder().encode(`beacon/${number - 1n}`)),
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

  /** A storage slot's present value. */
  async storageAt(address: Uint8Array, slot: Uint8Array): Promise<bigint> {
    return bytesToBigInt(await this.#state.getStorage(createAddressFromString(bytesToHex(address)), slot));
  }

  async balanceOf(address: Uint8Array): Promise<bigint> {
    return (await this.#state.getAccount(createAddressFromString(bytesToHex(address))))?.balance ?? 0n;
  }

  /** The whole present state. */
  dump(): Promise<FlatPreState> {
    return this.#state.dump();
  }
}

/** Blocks that follow on a genesis state as a bundle that can be replayed with state roots. */
export function toBundle(
  genesis: FlatPreState,
  genesisHeader: BlockHeader,
  blocks: Uint8Array[],
  comment: string,
): Bundle {
  return {
    chain: DEMO_CHAIN,
    blocks,
    state: { kind: "complete", pre: genesis, stateRoot: genesisHeader.stateRoot },
    blockHashes: new Map([[genesisHeader.number, genesisHeader.hash()]]),
    parentHeader: genesisHeader.serialize(),
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
