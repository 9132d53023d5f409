// What a node has acknowledged, and whether it still knows all of it.

import { deepStrictEqual } from "node:assert";
import { keccak256 } from "@braid/kernel";
import { bytesToHex, hexToBytes } from "@braid/primitives";
import type { NodeProcess } from "./node-process.ts";

export interface Receipt {
  transactionHash: string;
  blockHash: string;
  blockNumber: string;
  status: string;
  logs: { logIndex: string; topics: string[]; transactionHash: string }[];
}

interface Block {
  number: string;
  hash: string;
  parentHash: string;
  stateRoot: string;
  transactions: string[];
}

interface Proof {
  accountProof: string[];
  balance: string;
}

/** Sends its transactions to the contract one after the other. */
export interface Client {
  address: string;
  /** Transactions of which the node has said that they are in a block. */
  acknowledged: number;
}

/** Wei that each transaction brings. */
export const VALUE = 7;
/** Counts the transactions of each caller in a slot of its own, and leaves a log with the new number. */
export const CONTRACT_CODE = "0x33546001018033555f523360205fa100";
export const CONTRACT = "0x00000000000000000000000000000000000c0de5";

const toHex = (value: number | bigint): string => `0x${value.toString(16)}`;

export class Ledger {
  readonly clients: Client[];
  readonly receipts: Receipt[] = [];
  /** Accounts whose balance was set by hand: what it was set to last, and what it may be since nobody knows whether that was done. */
  readonly balances = new Map<string, { known: bigint; tried: bigint }>();
  /** Of which all blocks below are known to be there. */
  #checked = 0;
  #lastHash: string | undefined;

  constructor(addresses: readonly string[]) {
    this.clients = addresses.map((address) => ({ address, acknowledged: 0 }));
  }

  /** Throws when the node has lost something. @param since the first receipt that is looked for; of those before it some are. */
  async check(node: NodeProcess, since: number, random: () => number): Promise<void> {
    await this.#checkBlocks(node);
    await this.#checkState(node);
    const old = Array.from(
      { length: Math.min(100, since) },
      () => this.receipts[Math.floor(random() * since)] as Receipt,
    );
    const looked = [...old, ...this.receipts.slice(since)];
    for (let i = 0; i < looked.length; i += 50)
      await Promise.all(looked.slice(i, i + 50).map((receipt) => this.#checkReceipt(node, receipt)));
    await this.#checkLogs(node, this.receipts.slice(since));
  }

  /** Every block from the last one that was looked at to the newest is there, on its parent, and its transactions know where they are. */
  async #checkBlocks(node: NodeProcess): Promise<void> {
    const acknowledged = this.receipts.reduce(
      (most, { blockNumber }) => Math.max(most, Number(blockNumber)),
      0,
    );
    const newest = Number(await node.ask<string>("eth_blockNumber"));
    if (newest < acknowledged)
      throw new Error(`the newest block is ${newest}; ${acknowledged} was acknowledged`);
    let block = await node.ask<Block>("eth_getBlockByNumber", toHex(this.#checked), false);
    if (this.#lastHash !== undefined && block.hash !== this.#lastHash)
      throw new Error(`block ${this.#checked} is another one than before`);
    for (let number = this.#checked + 1; number <= newest; number++) {
      const next = await node.ask<Block | null>("eth_getBlockByNumber", toHex(number), false);
      if (next === null) throw new Error(`block ${number} of ${newest} is missing`);
      if (next.parentHash !== block.hash) throw new Error(`block ${number} is not on block ${number - 1}`);
      const byHash = await node.ask<Block | null>("eth_getBlockByHash", next.hash, false);
      deepStrictEqual(byHash, next);
      const receipts = await node.ask<Receipt[]>("eth_getBlockReceipts", next.hash);
      deepStrictEqual(
        receipts.map(({ transactionHash }) => transactionHash),
        next.transactions,
      );
      block = next;
    }
    this.#checked = newest;
    this.#lastHash = block.hash;
  }

  /** The state is that after the newest block: what each client has sent is in the contract, neither more nor less. */
  async #checkState(node: NodeProcess): Promise<void> {
    let sum = 0n;
    for (const { address, acknowledged } of this.clients) {
      const nonce = Number(await node.ask<string>("eth_getTransactionCount", address, "latest"));
      if (nonce < acknowledged)
        throw new Error(`${address} has nonce ${nonce}; ${acknowledged} transactions were acknowledged`);
      const slot = `0x${address.slice(2).padStart(64, "0")}`;
      const counted = Number(await node.ask<string>("eth_getStorageAt", CONTRACT, slot, "latest"));
      if (counted !== nonce)
        throw new Error(`the contract has counted ${counted} of ${address}, not ${nonce}`);
      sum += BigInt(nonce * VALUE);
    }
    // What was changed by hand is part of the next block's state, and of its root.
    await node.ask("evm_mine");
    const head = await node.ask<Block>("eth_getBlockByNumber", "latest", false);
    const proof = await node.ask<Proof>("eth_getProof", CONTRACT, [], head.number);
    if (BigInt(proof.balance) !== sum)
      throw new Error(`the contract has ${proof.balance}, not ${toHex(sum)}`);
    const root = bytesToHex(keccak256(hexToBytes(proof.accountProof[0] ?? "0x")));
    if (root !== head.stateRoot)
      throw new Error(`the proof leads to ${root}, not to ${head.stateRoot} of block ${head.number}`);
    for (const [address, { known, tried }] of this.balances) {
      const balance = BigInt(await node.ask<string>("eth_getBalance", address, "latest"));
      if (balance !== known && balance !== tried)
        throw new Error(`${address} has ${balance}; ${known} was acknowledged, and ${tried} asked for`);
      this.balances.set(address, { known: balance, tried: balance });
    }
  }

  async #checkReceipt(node: NodeProcess, receipt: Receipt): Promise<void> {
    const { transactionHash, blockHash } = receipt;
    deepStrictEqual(await node.ask("eth_getTransactionReceipt", transactionHash), receipt);
    const transaction = await node.ask<{ blockHash: string } | null>(
      "eth_getTransactionByHash",
      transactionHash,
    );
    if (transaction?.blockHash !== blockHash) throw new Error(`${transactionHash} is not where it was`);
  }

  /** The search for logs finds those of all receipts. */
  async #checkLogs(node: NodeProcess, receipts: readonly Receipt[]): Promise<void> {
    if (receipts.length === 0) return;
    const blocks = receipts.map(({ blockNumber }) => Number(blockNumber));
    const [first, last] = [Math.min(...blocks), Math.max(...blocks)];
    const filter = { address: CONTRACT, fromBlock: toHex(first), toBlock: toHex(last) };
    const found = await node.ask<Receipt["logs"]>("eth_getLogs", filter);
    const byTransaction = new Map(found.map((log) => [log.transactionHash, log]));
    for (const { transactionHash, logs } of receipts)
      deepStrictEqual([byTransaction.get(transactionHash)], logs);
  }
}
