// The block and the fork's numbers as the wasm EVM reads them: EVM_* of an instance.

import {
  ERROR_CODE_SIZE,
  ERROR_CREATE_COLLISION,
  ERROR_INIT_CODE_SIZE,
  ERROR_INVALID_CODE,
  ERROR_INVALID_JUMP,
  ERROR_INVALID_OPCODE,
  ERROR_OUT_OF_GAS,
  ERROR_OUT_OF_RANGE,
  ERROR_PRECOMPILE,
  ERROR_REFUND_EXHAUSTED,
  ERROR_REVERT,
  ERROR_SIZE,
  ERROR_STACK_OVERFLOW,
  ERROR_STACK_UNDERFLOW,
  ERROR_STATIC,
  EVM_BASE_FEE,
  EVM_BLOB_FEE,
  EVM_BLOCK_GAS_LIMIT,
  EVM_CHAIN_ID,
  EVM_COINBASE,
  EVM_ERRORS,
  EVM_GAS_COLD_ACCOUNT,
  EVM_GAS_COLD_SLOT,
  EVM_GAS_EXP_BYTE,
  EVM_GAS_STORE_CLEAN,
  EVM_GAS_STORE_DIRTY,
  EVM_GAS_STORE_INIT,
  EVM_GAS_STORE_NOOP,
  EVM_GAS_STORE_SENTRY,
  EVM_GAS_WARM,
  EVM_NUMBER,
  EVM_RANDOM,
  EVM_REFUND_CLEAN,
  EVM_REFUND_CLEAR,
  EVM_REFUND_DESTROY,
  EVM_REFUND_INIT,
  EVM_REFUND_QUOTIENT,
  EVM_RULES,
  EVM_STEPS,
  EVM_TIMESTAMP,
  type Kernel,
  OPCODE_ROOM,
  OPCODE_SIZE,
  RULE_ACCESS_LISTS,
  RULE_BASE_FEE,
  RULE_CODE_FORMAT,
  RULE_CONTRACT_SENDERS,
  RULE_DELEGATIONS,
  RULE_HOLDS_ALL,
  RULE_INIT_CODE,
  RULE_LASTING_ACCOUNTS,
  RULE_MODEXP_BOUNDS,
  RULE_MODEXP_WORDS,
  RULE_NET_METERING,
  RULE_STEPS,
  RULE_TIME_LIMIT,
  RULE_WARM_COINBASE,
} from "@braid/kernel";
import { bytesToBigInt } from "@braid/primitives";
import type { ForkName } from "@braid/protocol";
import { writeU256 } from "../../records/words.ts";
import type { EngineBlock } from "../engine.ts";
import { isSince, writeOpcodes } from "./opcodes.ts";
import { writePrecompiles } from "./precompile-table.ts";

export const OUT_OF_GAS = "out of gas";

const ERROR_NAMES: readonly (readonly [error: number, name: string])[] = [
  [ERROR_OUT_OF_GAS, OUT_OF_GAS],
  [ERROR_STACK_UNDERFLOW, "stack underflow"],
  [ERROR_STACK_OVERFLOW, "stack overflow"],
  [ERROR_INVALID_JUMP, "invalid JUMP"],
  [ERROR_INVALID_OPCODE, "invalid opcode"],
  [ERROR_REVERT, "revert"],
  [ERROR_STATIC, "static state change"],
  [ERROR_REFUND_EXHAUSTED, "refund exhausted"],
  [ERROR_CREATE_COLLISION, "create collision"],
  [ERROR_CODE_SIZE, "code size to deposit exceeds maximum code size"],
  [ERROR_INIT_CODE_SIZE, "initcode exceeds max initcode size"],
  [ERROR_INVALID_CODE, "invalid bytecode deployed"],
  [ERROR_OUT_OF_RANGE, "value out of range"],
];

const encoder = new TextEncoder();

/** Writes the name that an outcome has for an error: of at most ERROR_SIZE - 4 bytes. */
export function writeErrorName({ u8, u32 }: Kernel, evm: number, error: number, name: string): void {
  const at = evm + EVM_ERRORS + error * ERROR_SIZE;
  const bytes = encoder.encode(name).subarray(0, ERROR_SIZE - 4);
  u32[at >>> 2] = bytes.length;
  u8.set(bytes, at + 4);
}

/** Gas of SSTORE by EIP-2200, EIP-2929 and EIP-3529. */
function storageGas(isBerlin: boolean, isLondon: boolean): [offset: number, gas: bigint][] {
  const [cold, warm, noop] = isBerlin ? [2_100n, 100n, 100n] : [0n, 0n, 800n];
  const clean = 5_000n - cold;
  return [
    [EVM_GAS_COLD_SLOT, cold],
    [EVM_GAS_WARM, warm],
    [EVM_GAS_STORE_SENTRY, 2_300n],
    [EVM_GAS_STORE_NOOP, noop],
    [EVM_GAS_STORE_DIRTY, noop],
    [EVM_GAS_STORE_INIT, 20_000n],
    [EVM_GAS_STORE_CLEAN, clean],
    [EVM_REFUND_CLEAR, isLondon ? 4_800n : 15_000n],
    [EVM_REFUND_INIT, 20_000n - noop],
    [EVM_REFUND_CLEAN, clean - noop],
  ];
}

/** Writes everything that stays the same for a block. PERF: some hundred stores. */
export function writeBlock(kernel: Kernel, evm: number, block: EngineBlock): void {
  const { context, chain } = block;
  const { rules } = context;
  const since = (fork: ForkName): boolean => isSince(chain.fork, fork);
  const rule = (holds: boolean, bit: number): number => (holds ? bit : 0);
  const long = (offset: number, value: bigint): void => {
    kernel.u64[(evm + offset) >>> 3] = value;
  };
  const word = (offset: number, value: bigint): void => writeU256(kernel.u64, (evm + offset) >>> 3, value);
  kernel.u32[(evm + EVM_RULES) >>> 2] =
    rule(rules.eip2929, RULE_ACCESS_LISTS) |
    rule(rules.eip3651, RULE_WARM_COINBASE) |
    rule(since("istanbul"), RULE_NET_METERING) |
    rule(rules.eip7702, RULE_DELEGATIONS) |
    rule(rules.eip1559, RULE_BASE_FEE) |
    rule(rules.eip3860, RULE_INIT_CODE) |
    rule(since("london"), RULE_CODE_FORMAT) |
    rule(rules.eip6780, RULE_LASTING_ACCOUNTS) |
    rule(since("berlin"), RULE_MODEXP_WORDS) |
    rule(since("osaka"), RULE_MODEXP_BOUNDS) |
    rule(block.cacheHoldsAll, RULE_HOLDS_ALL) |
    rule(context.contractSenders, RULE_CONTRACT_SENDERS) |
    rule(block.timeLimitMs !== undefined || block.breathe !== undefined, RULE_TIME_LIMIT);
  long(EVM_NUMBER, context.number);
  long(EVM_TIMESTAMP, context.timestamp);
  long(EVM_BLOCK_GAS_LIMIT, context.gasLimit);
  kernel.u8.set(context.coinbase, evm + EVM_COINBASE);
  word(EVM_RANDOM, since("paris") ? bytesToBigInt(context.mixHash) : context.difficulty);
  word(EVM_BASE_FEE, context.baseFeePerGas ?? 0n);
  word(EVM_BLOB_FEE, context.blobGasPrice ?? 0n);
  word(EVM_CHAIN_ID, rules.chainId);
  long(EVM_GAS_COLD_ACCOUNT, rules.eip2929 ? 2_600n : 0n);
  // EIP-160.
  long(EVM_GAS_EXP_BYTE, 50n);
  long(EVM_REFUND_DESTROY, since("london") ? 0n : 24_000n);
  long(EVM_REFUND_QUOTIENT, rules.maxRefundQuotient);
  for (const [offset, gas] of storageGas(rules.eip2929, since("london"))) long(offset, gas);
  writePrecompiles(kernel, evm, chain.fork);
  for (const [error, name] of ERROR_NAMES) writeErrorName(kernel, evm, error, name);
  writeErrorName(kernel, evm, ERROR_PRECOMPILE, "");
  writeOpcodes(kernel, evm, chain.fork);
}

/** After writeBlock: the EVM stops before each opcode (EXIT_STEP). */
export function writeSteps({ u8, u32 }: Kernel, evm: number): void {
  const rules = (evm + EVM_RULES) >>> 2;
  u32[rules] = (u32[rules] as number) | RULE_STEPS;
  // No opcode takes as much of the stack as these say.
  u8.fill(255, evm + EVM_STEPS, evm + EVM_STEPS + 256 * OPCODE_SIZE);
  for (let code = 0; code < 256; code++) u32[(evm + EVM_STEPS + code * OPCODE_SIZE + OPCODE_ROOM) >>> 2] = 0;
}
