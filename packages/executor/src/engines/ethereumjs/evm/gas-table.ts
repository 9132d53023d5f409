// Gas of the opcodes that the hot loop runs, as numbers, one table per fork; taken from ethereumjs's own parameters.

import type { Common } from "@ethereumjs/common";
import type { EVM } from "@ethereumjs/evm";

/** In `GasTable.fees`: the hot loop leaves this opcode to ethereumjs's handlers. */
export const COLD = 0xffff;

/** SSTORE by EIP-2200 as changed by EIP-2929 and EIP-3529. */
interface NetGasMetering {
  sentry: number;
  noop: number;
  init: number;
  clean: number;
  dirty: number;
  clearRefund: bigint;
  initRefund: bigint;
  cleanRefund: bigint;
}

export interface GasTable {
  /** Static fee by opcode, or COLD. */
  readonly fees: Uint16Array;
  readonly stackNeeded: Uint8Array;
  readonly stackGrowth: Int8Array;
  /** EIP-2929 prices; undefined before Berlin. */
  readonly coldSload: number | undefined;
  readonly warmRead: number;
  /** undefined before Istanbul: then 20000 for zero to non-zero, 5000 for all else, refund 15000. */
  readonly netMetering: NetGasMetering | undefined;
}

/** Opcodes with their stack items taken and left; `plain` ones are run by ethereumjs's handler, which is synchronous. */
type Row = [opcode: number, taken: number, left: number];

const ROWS: Row[] = [
  [0x00, 0, 0], // STOP
  [0x01, 2, 1], // ADD
  [0x02, 2, 1], // MUL
  [0x03, 2, 1], // SUB
  [0x04, 2, 1], // DIV
  [0x06, 2, 1], // MOD
  [0x10, 2, 1], // LT
  [0x11, 2, 1], // GT
  [0x12, 2, 1], // SLT
  [0x13, 2, 1], // SGT
  [0x14, 2, 1], // EQ
  [0x15, 1, 1], // ISZERO
  [0x16, 2, 1], // AND
  [0x17, 2, 1], // OR
  [0x18, 2, 1], // XOR
  [0x19, 1, 1], // NOT
  [0x1b, 2, 1], // SHL
  [0x1c, 2, 1], // SHR
  [0x20, 2, 1], // KECCAK256
  [0x30, 0, 1], // ADDRESS
  [0x33, 0, 1], // CALLER
  [0x34, 0, 1], // CALLVALUE
  [0x35, 1, 1], // CALLDATALOAD
  [0x36, 0, 1], // CALLDATASIZE
  [0x37, 3, 0], // CALLDATACOPY
  [0x39, 3, 0], // CODECOPY
  [0x3d, 0, 1], // RETURNDATASIZE
  [0x3e, 3, 0], // RETURNDATACOPY
  [0x50, 1, 0], // POP
  [0x51, 1, 1], // MLOAD
  [0x52, 2, 0], // MSTORE
  [0x53, 2, 0], // MSTORE8
  [0x54, 1, 1], // SLOAD
  [0x55, 2, 0], // SSTORE
  [0x56, 1, 0], // JUMP
  [0x57, 2, 0], // JUMPI
  [0x58, 0, 1], // PC
  [0x5a, 0, 1], // GAS
  [0x5b, 0, 0], // JUMPDEST
  [0x5f, 0, 1], // PUSH0
  [0xf3, 2, 0], // RETURN
  [0xfd, 2, 0], // REVERT
  ...Array.from({ length: 32 }, (_, i): Row => [0x60 + i, 0, 1]), // PUSH1 to PUSH32
  ...Array.from({ length: 16 }, (_, i): Row => [0x80 + i, i + 1, i + 2]), // DUP1 to DUP16
  ...Array.from({ length: 16 }, (_, i): Row => [0x90 + i, i + 2, i + 2]), // SWAP1 to SWAP16
  ...Array.from({ length: 5 }, (_, i): Row => [0xa0 + i, i + 2, 0]), // LOG0 to LOG4
];

/** Static opcodes that ethereumjs's synchronous handler runs inside the hot loop; it checks the stack itself. */
export const PLAIN = new Set([
  0x05, 0x07, 0x08, 0x09, 0x0b, 0x1a, 0x1d, 0x1e, 0x32, 0x38, 0x3a, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x48,
  0x49, 0x4a, 0x59, 0x5c, 0x5d,
]);

/** The table for the fork that the EVM's Common is set to. */
export function gasTable(evm: EVM): GasTable {
  const common = evm.common;
  const fees = new Uint16Array(256).fill(COLD);
  const stackNeeded = new Uint8Array(256);
  const stackGrowth = new Int8Array(256);
  const active = (opcode: number): boolean => evm.opcodes.has(opcode) && !evm.opcodes.get(opcode)?.isInvalid;
  const fee = (opcode: number): number => evm.opcodes.get(opcode)?.fee ?? COLD;
  for (const [opcode, taken, left] of ROWS) {
    if (!active(opcode)) continue;
    fees[opcode] = fee(opcode);
    stackNeeded[opcode] = taken;
    stackGrowth[opcode] = left - taken;
  }
  for (const opcode of PLAIN) if (active(opcode)) fees[opcode] = fee(opcode);
  // EIP-1283 held on test networks between Constantinople and Petersburg only.
  if (common.hardfork() === "constantinople") fees[0x55] = COLD;
  const istanbul = common.gteHardfork("istanbul");
  const berlin = common.isActivatedEIP(2929);
  return {
    fees,
    stackNeeded,
    stackGrowth,
    coldSload: berlin ? Number(common.param("coldsloadGas")) : undefined,
    warmRead: berlin ? Number(common.param("warmstoragereadGas")) : 0,
    netMetering: istanbul ? netMetering(common, berlin) : undefined,
  };
}

function netMetering(common: Common, berlin: boolean): NetGasMetering {
  const init = common.param("sstoreInitEIP2200Gas");
  const warm = berlin ? common.param("warmstoragereadGas") : 0n;
  return {
    sentry: Number(common.param("sstoreSentryEIP2200Gas")),
    noop: Number(berlin ? warm : common.param("sstoreNoopEIP2200Gas")),
    init: Number(init),
    clean: Number(common.param("sstoreCleanEIP2200Gas")),
    dirty: Number(common.param("sstoreDirtyEIP2200Gas")),
    clearRefund: common.param("sstoreClearRefundEIP2200Gas"),
    initRefund: berlin ? init - warm : common.param("sstoreInitRefundEIP2200Gas"),
    cleanRefund: berlin
      ? common.param("sstoreResetGas") - common.param("coldsloadGas") - warm
      : common.param("sstoreCleanRefundEIP2200Gas"),
  };
}
