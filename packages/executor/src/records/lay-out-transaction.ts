// From the block's bytes to records in shared memory: the main thread puts the encodings there, the workers decode each of them once.

import {
  INSTANCE_TERMS,
  type Kernel,
  SENDER_KNOWN,
  TERMS_BASE_FEE,
  TERMS_CHAIN_ID,
  TERMS_CREATION_GAS,
  TERMS_FLAGS,
  TERMS_FLOOR,
  TERMS_GAS_CAP,
  TERMS_INIT_CODE,
  TERMS_MAX_INIT_CODE,
  TERMS_NON_ZERO_GAS,
  TERMS_PRIORITY_FEE,
  TERMS_REPLAY_PROTECTION,
  TERMS_TYPES,
} from "@braid/kernel";
import {
  type Authorization,
  decodeTransaction,
  type ForkRules,
  type IntrinsicGas,
  InvalidTransactionError,
  intrinsicGas,
  type Transaction,
  validateTransaction,
} from "@braid/protocol";
import type { BlockContext } from "../block/block-context.ts";
import { recoverAuthority, recoverSender } from "../transaction/recover-sender.ts";
import { type SignedDelegation, type TransactionTerms, writeTransaction } from "./transaction-record.ts";
import { writeU256 } from "./words.ts";

const MAX_U64 = (1n << 64n) - 1n;
/** Fees from here on are not the kernel's to lay out. */
const HUGE = 1n << 128n;

/** Quiescent, after resetBlock: puts all transactions of the block into shared memory, one after the other. False when the arena is full. */
export function putEncodings(kernel: Kernel, transactions: readonly Uint8Array[]): boolean {
  let length = 0;
  for (const raw of transactions) length += raw.length;
  let at = kernel.alloc(length);
  if (at === 0) return false;
  for (const [i, raw] of transactions.entries()) {
    kernel.u8.set(raw, at);
    kernel.setEncoding(i + 1, at, raw.length);
    at += raw.length;
  }
  return true;
}

/** Before the first layOutTransaction of a block on an instance: tells the kernel what its transactions are checked against. */
export function beginLayOut(
  kernel: Kernel,
  { rules, gasLimit, baseFeePerGas = 0n }: Pick<BlockContext, "rules" | "gasLimit" | "baseFeePerGas">,
): void {
  const { u32, u64 } = kernel;
  const terms = kernel.scratch + INSTANCE_TERMS;
  const cap = rules.maxTransactionGas ?? gasLimit;
  const covered = rules.chainId <= MAX_U64 && baseFeePerGas < HUGE;
  u32[(terms + TERMS_TYPES) >>> 2] = covered ? Math.min(rules.maxTransactionType, 2) + 1 : 0;
  u32[(terms + TERMS_FLAGS) >>> 2] =
    (rules.homestead ? TERMS_CREATION_GAS : 0) |
    (rules.spuriousDragon ? TERMS_REPLAY_PROTECTION : 0) |
    (rules.eip3860 ? TERMS_INIT_CODE : 0) |
    (rules.eip7623 ? TERMS_FLOOR : 0) |
    (rules.eip1559 ? TERMS_PRIORITY_FEE : 0);
  u32[(terms + TERMS_MAX_INIT_CODE) >>> 2] = rules.maxInitCodeSize;
  u64[(terms + TERMS_CHAIN_ID) >>> 3] = rules.chainId;
  u64[(terms + TERMS_NON_ZERO_GAS) >>> 3] = rules.calldataNonZeroGas;
  u64[(terms + TERMS_GAS_CAP) >>> 3] = [cap, gasLimit, MAX_U64].reduce((a, b) => (a < b ? a : b));
  writeU256(u64, (terms + TERMS_BASE_FEE) >>> 3, baseFeePerGas);
}

/**
 * Makes the record of a unit's transaction, with its sender and its limits in the unit table, unless it is there already. Any worker, at
 * any time: of two that do it at once either will do. Returns false when the arena is full.
 *
 * @throws InvalidTransactionError when no block of these rules and limits can contain the transaction, whatever the state.
 */
export function layOutTransaction(kernel: Kernel, unit: number, context: BlockContext): boolean {
  // PERF: the kernel lays out what is ordinary and in order, in a tenth of the time.
  if (kernel.transactionPtr(unit) !== 0 || kernel.layOut(unit)) return true;
  const { rules } = context;
  const encoding = kernel.encoding(unit);
  const tx = decodeTransaction(encoding);
  // What a block that is being built has room for is asked before all else.
  kernel.setUnitGasLimit(unit, tx.gasLimit < MAX_U64 ? tx.gasLimit : MAX_U64);
  kernel.setUnitBlobs(unit, tx.blobVersionedHashes.length);
  if (kernel.senderStatus(unit) !== SENDER_KNOWN) {
    const sender = recoverSender(encoding, tx, rules);
    if (sender === undefined)
      throw new InvalidTransactionError(
        "BRAID_TX_INVALID_SIGNATURE",
        `The signature of the transaction with nonce ${tx.nonce} is invalid.`,
      );
    kernel.setSender(unit, sender);
  }
  const gas = intrinsicGas(tx, rules);
  validateTransaction(tx, gas, rules, context);
  if (tx.gasLimit > MAX_U64)
    throw new InvalidTransactionError(
      "BRAID_TX_GAS_LIMIT_EXCEEDS_BLOCK",
      `The gas limit ${tx.gasLimit} does not fit in 64 bits, as that of every block does.`,
    );
  const record = writeTransaction(kernel, tx, termsOf(tx, gas, context));
  if (record === 0) return false;
  kernel.setTransaction(unit, record);
  return true;
}

/** What follows from a transaction and the block that it is in. */
export function termsOf(
  tx: Transaction,
  gas: IntrinsicGas,
  context: Pick<BlockContext, "rules" | "baseFeePerGas">,
): TransactionTerms {
  return {
    gas,
    gasPrice: gasPriceOf(tx, context),
    delegations: tx.authorizations.flatMap((authorization) => delegationsOf(authorization, context.rules)),
  };
}

/** EIP-1559: the base fee and the priority fee, as far as the maximum allows it. */
function gasPriceOf(
  tx: Transaction,
  { rules, baseFeePerGas }: Pick<BlockContext, "rules" | "baseFeePerGas">,
): bigint {
  if (!rules.eip1559) return tx.maxFeePerGas;
  const price = (baseFeePerGas ?? 0n) + tx.maxPriorityFeePerGas;
  return price < tx.maxFeePerGas ? price : tx.maxFeePerGas;
}

/** The authorization as one delegation, or none when it is for another chain, its nonce is the last one, or nobody signed it: it is passed over then (EIP-7702). */
function delegationsOf(authorization: Authorization, rules: ForkRules): SignedDelegation[] {
  const { chainId, nonce, address } = authorization;
  if ((chainId !== 0n && chainId !== rules.chainId) || nonce >= MAX_U64) return [];
  const authority = recoverAuthority(authorization);
  return authority === undefined ? [] : [{ authority, delegate: address, nonce }];
}
