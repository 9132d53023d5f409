// For tests: a small chain of plain transfers made by stock ethereumjs, with the result that an executor should give for each block.
import { type BlockResult, commonOf } from "@braid/executor";
import { bytesToHex, concatBytes, type Hex, hexToBytes, rlpOfBytes } from "@braid/primitives";
import { type ChainSpec, chainOf, encodeReceipt, type Receipt } from "@braid/protocol";
import type { Bundle } from "@braid/replay";
import {
  type AccountChange,
  EMPTY_CODE_HASH,
  type FlatPreState,
  NO_ACCOUNT_CHANGE,
  type StateChanges,
  stateChangesOf,
} from "@braid/state";
import { Block, createBlockHeader } from "@ethereumjs/block";
import { MerkleStateManager } from "@ethereumjs/statemanager";
import { createFeeMarket1559Tx } from "@ethereumjs/tx";
import { Account, Address, createAddressFromPrivateKey } from "@ethereumjs/util";
import { createVM, runBlock } from "@ethereumjs/vm";
import { sampleStatistics } from "./statistics.ts";

/** Cancun rules from the start. */
export const TRANSFER_CHAIN: ChainSpec = {
  name: "transfers",
  chainId: 4242,
  hardforks: [
    { name: "chainstart", block: 0 },
    { name: "homestead", block: 0 },
    { name: "tangerineWhistle", block: 0 },
    { name: "spuriousDragon", block: 0 },
    { name: "byzantium", block: 0 },
    { name: "constantinople", block: 0 },
    { name: "petersburg", block: 0 },
    { name: "istanbul", block: 0 },
    { name: "berlin", block: 0 },
    { name: "london", block: 0 },
    { name: "paris", block: 0 },
    { name: "shanghai", timestamp: 0 },
    { name: "cancun", timestamp: 0 },
  ],
};

/** A chain and what is right about it. */
export interface TransferChain {
  bundle: Bundle;
  /** By block, in the order of `bundle.blocks`. */
  results: BlockResult[];
}

const COINBASE = new Address(new Uint8Array(20).fill(0xcb));
const KEYS = [1, 2, 3].map((seed) => new Uint8Array(32).fill(seed));
const SENDERS = KEYS.map((key) => createAddressFromPrivateKey(key));
const RECEIVER = new Address(new Uint8Array(20).fill(0xee));
const ADDRESSES = [...SENDERS, RECEIVER, COINBASE];

/** Each block transfers from three senders: to each other, and to one new account. */
export async function makeTransferChain(blockCount = 3): Promise<TransferChain> {
  const common = commonOf(chainOf(TRANSFER_CHAIN), "cancun");
  const stateManager = new MerkleStateManager({ common });
  for (const sender of SENDERS) await stateManager.putAccount(sender, new Account(0n, 10n ** 18n));
  const stateRoot = await stateManager.getStateRoot();
  const vm = await createVM({ common, stateManager });
  const options = { common, skipConsensusFormatValidation: true };
  const genesis = createBlockHeader(
    { number: 0n, timestamp: 0n, gasLimit: 30_000_000n, stateRoot, baseFeePerGas: 10n },
    options,
  );
  const pre: FlatPreState = {
    accounts: SENDERS.map((sender) => ({
      address: sender.bytes,
      account: { nonce: 0n, balance: 10n ** 18n, codeHash: EMPTY_CODE_HASH, hasStorage: false },
      storage: [],
    })),
    codes: [],
  };
  const chain: TransferChain = {
    bundle: {
      chain: TRANSFER_CHAIN,
      blocks: [],
      state: { kind: "complete", pre, stateRoot },
      blockHashes: new Map(),
      parentHeader: genesis.serialize(),
    },
    results: [],
  };
  let parent = genesis;
  for (let index = 0; index < blockCount; index += 1) {
    const transactions = KEYS.map((key, at) =>
      createFeeMarket1559Tx(
        {
          chainId: TRANSFER_CHAIN.chainId,
          nonce: BigInt(index),
          maxFeePerGas: 100n,
          maxPriorityFeePerGas: BigInt(at),
          gasLimit: 21_000n,
          to: at === 0 ? RECEIVER : (SENDERS[at - 1] ?? RECEIVER),
          value: BigInt(1000 + index),
        },
        { common },
      ).sign(key),
    );
    const fields = {
      parentHash: parent.hash(),
      number: parent.number + 1n,
      timestamp: parent.timestamp + 12n,
      gasLimit: 30_000_000n,
      baseFeePerGas: parent.calcNextBaseFee(),
      coinbase: COINBASE,
    };
    const draft = new Block(createBlockHeader(fields, options), transactions, [], [], options);
    let sealed: Block | undefined;
    vm.events.on("afterBlock", ({ block }) => {
      sealed = block;
    });
    const before = await balances(stateManager);
    const run = await runBlock(vm, { block: draft, generate: true, skipBlockValidation: true });
    vm.events.removeAllListeners("afterBlock");
    if (sealed === undefined) throw new Error("runBlock always emits the block");
    chain.bundle.blocks.push(sealed.serialize());
    const receipts: Receipt[] = run.receipts.map((receipt, at) => ({
      type: transactions[at]?.type ?? 0,
      ...("status" in receipt ? { status: receipt.status } : {}),
      cumulativeGasUsed: receipt.cumulativeBlockGasUsed,
      logsBloom: receipt.bitvector,
      logs: [],
    }));
    chain.results.push({
      receipts,
      receiptStrings: concatBytes(...receipts.map((receipt) => rlpOfBytes(encodeReceipt(receipt)))),
      senders: concatBytes(...SENDERS.map(({ bytes }) => bytes)),
      receiptsRoot: run.receiptsRoot,
      logsBloom: run.logsBloom,
      gasUsed: run.gasUsed,
      blobGasUsed: 0n,
      stateChanges: changesOf(before, await balances(stateManager)),
      accessList: [],
      prologue: { reads: [], writes: [] },
      epilogue: { reads: [], writes: [] },
      transactions: run.results.map((result, at) => ({
        sender: SENDERS[at]?.bytes ?? new Uint8Array(20),
        status: 1,
        gasUsed: result.totalGasSpent,
        output: new Uint8Array(0),
        reads: [],
        writes: [],
        executions: 1,
      })),
      statistics: sampleStatistics(transactions.length),
    });
    parent = sealed.header;
  }
  return chain;
}

type Balances = Map<Hex, { nonce: bigint; balance: bigint }>;

async function balances(state: MerkleStateManager): Promise<Balances> {
  const found: Balances = new Map();
  for (const address of ADDRESSES) {
    const account = await state.getAccount(address);
    if (account !== undefined)
      found.set(bytesToHex(address.bytes), { nonce: account.nonce, balance: account.balance });
  }
  return found;
}

function changesOf(before: Balances, after: Balances): StateChanges {
  const accounts = new Map<Hex, AccountChange>();
  for (const [address, { nonce, balance }] of after) {
    const old = before.get(address);
    if (old?.nonce === nonce && old.balance === balance) continue;
    const codeHash = old === undefined ? { codeHash: EMPTY_CODE_HASH } : {};
    accounts.set(address, { ...NO_ACCOUNT_CHANGE, nonce, balance, ...codeHash });
  }
  return stateChangesOf({ accounts });
}

/** The address that only receives. */
export const RECEIVER_ADDRESS: Hex = bytesToHex(hexToBytes(RECEIVER.toString()));
