// Blocks, transactions, receipts and logs as JSON-RPC shows them (execution-apis).

import type { BlockReceipts, FoundLog, StoredBlock } from "@braid/chain";
import { keccak256 } from "@braid/kernel";
import { bytesToHex, type Hex, rlpOfBigInt, rlpOfBytes, rlpOfList } from "@braid/primitives";
import {
  type Block,
  blobBaseFee,
  type Chain,
  decodeTransaction,
  encodeBlock,
  type Header,
  hashHeader,
  hashTransaction,
  type Receipt,
  type Transaction,
} from "@braid/protocol";
import { effectiveTip, type PooledTransaction } from "../pool/pooled-transaction.ts";

export type Json = Record<string, unknown>;

export const hexOf = (value: bigint | number): Hex => `0x${value.toString(16)}`;

/** Names of header fields that JSON-RPC calls otherwise. */
const HEADER_NAMES: Partial<Record<keyof Header, string>> = { unclesHash: "sha3Uncles", coinbase: "miner" };

/** The fields that the header has. */
export function formatHeader(header: Header, hash: Uint8Array = hashHeader(header)): Json {
  const fields = Object.entries(header).flatMap(([name, value]: [string, Uint8Array | bigint | undefined]) =>
    value === undefined
      ? []
      : [
          [
            HEADER_NAMES[name as keyof Header] ?? name,
            typeof value === "bigint" ? hexOf(value) : bytesToHex(value),
          ],
        ],
  );
  return { ...Object.fromEntries(fields), hash: bytesToHex(hash) };
}

/** Where a transaction is. */
export interface Place {
  block: StoredBlock;
  index: number;
}

/** A block, with its transactions whole or by their hashes. */
export function formatBlock(stored: StoredBlock, senders: readonly Uint8Array[] | undefined): Json {
  const { block, hash, size } = stored;
  return {
    ...formatHeader(block.header, hash),
    ...formatBody(block, size),
    transactions:
      senders === undefined
        ? stored.transactionHashes.map(bytesToHex)
        : block.transactions.map((raw, index) =>
            formatTransaction(raw, senders[index] as Uint8Array, { block: stored, index }),
          ),
  };
}

/** The block that would be mined now: it has no hash and no nonce yet. */
export function formatPendingBlock(block: Block, senders: readonly Uint8Array[] | undefined): Json {
  return {
    ...formatHeader(block.header),
    hash: null,
    nonce: null,
    logsBloom: null,
    miner: null,
    ...formatBody(block, encodeBlock(block).length),
    transactions: block.transactions.map((raw, index) =>
      senders === undefined
        ? bytesToHex(hashTransaction(raw))
        : formatTransaction(raw, senders[index] as Uint8Array),
    ),
  };
}

function formatBody({ uncles, withdrawals }: Block, size: number): Json {
  return {
    size: hexOf(size),
    uncles: uncles.map((uncle) => bytesToHex(hashHeader(uncle))),
    ...(withdrawals === undefined
      ? {}
      : {
          withdrawals: withdrawals.map(({ index, validatorIndex, address, amount }) => ({
            index: hexOf(index),
            validatorIndex: hexOf(validatorIndex),
            address: bytesToHex(address),
            amount: hexOf(amount),
          })),
        }),
  };
}

/** A transaction of a block, or without a place one that waits for its block. */
export function formatTransaction(raw: Uint8Array, sender: Uint8Array, place?: Place): Json {
  const tx = decodeTransaction(raw);
  const baseFee = place?.block.header.baseFeePerGas;
  const isDynamic = tx.type >= 2;
  return {
    blockHash: place === undefined ? null : bytesToHex(place.block.hash),
    blockNumber: place === undefined ? null : hexOf(place.block.number),
    blockTimestamp: place === undefined ? null : hexOf(place.block.header.timestamp),
    transactionIndex: place === undefined ? null : hexOf(place.index),
    hash: bytesToHex(hashTransaction(raw)),
    from: bytesToHex(sender),
    to: tx.to === undefined ? null : bytesToHex(tx.to),
    type: hexOf(tx.type),
    nonce: hexOf(tx.nonce),
    gas: hexOf(tx.gasLimit),
    value: hexOf(tx.value),
    input: bytesToHex(tx.data),
    gasPrice: hexOf(
      isDynamic && baseFee !== undefined ? baseFee + effectiveTip(tx, baseFee) : tx.maxFeePerGas,
    ),
    ...(isDynamic
      ? { maxFeePerGas: hexOf(tx.maxFeePerGas), maxPriorityFeePerGas: hexOf(tx.maxPriorityFeePerGas) }
      : {}),
    ...(tx.chainId === undefined ? {} : { chainId: hexOf(tx.chainId) }),
    ...(tx.type === 0 ? {} : { accessList: tx.accessList.map(formatAccess) }),
    ...(tx.type === 3
      ? {
          maxFeePerBlobGas: hexOf(tx.maxFeePerBlobGas),
          blobVersionedHashes: tx.blobVersionedHashes.map(bytesToHex),
        }
      : {}),
    ...(tx.type === 4 ? { authorizationList: tx.authorizations.map(formatAuthorization) } : {}),
    ...formatSignature(tx),
  };
}

export function formatPooled({ raw, sender }: PooledTransaction): Json {
  return formatTransaction(raw, sender);
}

function formatSignature({ type, chainId, yParity, r, s }: Transaction): Json {
  const parity = BigInt(yParity);
  if (type !== 0) return { v: hexOf(parity), r: hexOf(r), s: hexOf(s), yParity: hexOf(parity) };
  const v = chainId === undefined ? 27n + parity : 35n + 2n * chainId + parity;
  return { v: hexOf(v), r: hexOf(r), s: hexOf(s) };
}

export function formatAccess({ address, slots }: Transaction["accessList"][number]): Json {
  return { address: bytesToHex(address), storageKeys: slots.map(bytesToHex) };
}

function formatAuthorization(authorization: Transaction["authorizations"][number]): Json {
  const { chainId, address, nonce, yParity, r, s } = authorization;
  return {
    chainId: hexOf(chainId),
    address: bytesToHex(address),
    nonce: hexOf(nonce),
    yParity: hexOf(yParity),
    r: hexOf(r),
    s: hexOf(s),
  };
}

export function formatLog({ log, block, transactionIndex, logIndex }: FoundLog, removed = false): Json {
  return {
    address: bytesToHex(log.address),
    topics: log.topics.map(bytesToHex),
    data: bytesToHex(log.data),
    blockNumber: hexOf(block.number),
    transactionHash: bytesToHex(block.transactionHashes[transactionIndex] as Uint8Array),
    transactionIndex: hexOf(transactionIndex),
    blockHash: bytesToHex(block.hash),
    blockTimestamp: hexOf(block.header.timestamp),
    logIndex: hexOf(logIndex),
    removed,
  };
}

/** The receipt of one transaction; undefined when there is none. PERF: the others of the block are only counted. */
export function formatReceiptAt(
  block: StoredBlock,
  { receipts, senders }: BlockReceipts,
  chain: Chain,
  index: number,
): Json | undefined {
  const receipt = receipts[index];
  if (receipt === undefined) return undefined;
  const logs = receipts.slice(0, index).reduce((sum, one) => sum + one.logs.length, 0);
  const before = receipts[index - 1]?.cumulativeGasUsed ?? 0n;
  return formatReceipt({ block, index, receipt, sender: senders[index] as Uint8Array, before, logs, chain });
}

/** All receipts of a block. */
export function formatReceipts(
  block: StoredBlock,
  { receipts, senders }: BlockReceipts,
  chain: Chain,
): Json[] {
  let logs = 0;
  return receipts.map((receipt, index) => {
    const before = receipts[index - 1]?.cumulativeGasUsed ?? 0n;
    const json = formatReceipt({
      block,
      index,
      receipt,
      sender: senders[index] as Uint8Array,
      before,
      logs,
      chain,
    });
    logs += receipt.logs.length;
    return json;
  });
}

interface PlacedReceipt extends Place {
  receipt: Receipt;
  sender: Uint8Array;
  /** Gas and logs of the transactions before it. */
  before: bigint;
  logs: number;
  chain: Chain;
}

function formatReceipt({ block, index, receipt, sender, before, logs, chain }: PlacedReceipt): Json {
  const raw = block.block.transactions[index] as Uint8Array;
  const tx = decodeTransaction(raw);
  const { header } = block;
  const { baseFeePerGas: baseFee } = header;
  const price = baseFee === undefined ? tx.maxFeePerGas : baseFee + effectiveTip(tx, baseFee);
  const rules = chain.rulesAt(header);
  return {
    transactionHash: bytesToHex(block.transactionHashes[index] as Uint8Array),
    transactionIndex: hexOf(index),
    blockHash: bytesToHex(block.hash),
    blockNumber: hexOf(block.number),
    from: bytesToHex(sender),
    to: tx.to === undefined ? null : bytesToHex(tx.to),
    contractAddress: tx.to === undefined ? bytesToHex(createdAddress(sender, tx.nonce)) : null,
    type: hexOf(receipt.type),
    cumulativeGasUsed: hexOf(receipt.cumulativeGasUsed),
    gasUsed: hexOf(receipt.cumulativeGasUsed - before),
    effectiveGasPrice: hexOf(price),
    logs: receipt.logs.map((log, i) =>
      formatLog({ log, block, transactionIndex: index, logIndex: logs + i }),
    ),
    logsBloom: bytesToHex(receipt.logsBloom),
    ...(receipt.status === undefined
      ? { root: bytesToHex(receipt.stateRoot ?? new Uint8Array(32)) }
      : { status: hexOf(receipt.status) }),
    ...(tx.type === 3
      ? {
          blobGasUsed: hexOf(BigInt(tx.blobVersionedHashes.length) * rules.blobGasPerBlob),
          blobGasPrice: hexOf(blobBaseFee(header.excessBlobGas ?? 0n, rules)),
        }
      : {}),
  };
}

/** Where a transaction puts the contract that it creates. */
export function createdAddress(sender: Uint8Array, nonce: bigint): Uint8Array {
  return keccak256(rlpOfList([rlpOfBytes(sender), rlpOfBigInt(nonce)])).slice(12);
}
