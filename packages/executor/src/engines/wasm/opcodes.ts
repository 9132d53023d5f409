// The opcodes of the EVM: one row each, to be held against the Yellow Paper (appendix H) and the EIPs that came after it. The wasm engine's tables are
// made of it, and a test holds ethereumjs's to it.

import {
  EVM_OPCODES,
  type Kernel,
  OPCODE_GAS,
  OPCODE_INVALID,
  OPCODE_ROOM,
  OPCODE_SIZE,
  OPCODE_TAKEN,
} from "@braid/kernel";
import { FORKS, type ForkName } from "@braid/protocol";

const PLACES: ReadonlyMap<ForkName, number> = new Map(FORKS.map(({ name }, i) => [name, i]));

/** Is `fork` the fork `since` or a later one? */
export function isSince(fork: ForkName, since: ForkName): boolean {
  // There is a place for every name of the type.
  return (PLACES.get(fork) as number) >= (PLACES.get(since) as number);
}

/** Gas from a fork on. */
type Since = readonly [fork: ForkName, gas: number];

export interface Opcode {
  readonly code: number;
  readonly name: string;
  /** Words that it takes off the stack, and leaves there. */
  readonly taken: number;
  readonly left: number;
  /** What it costs whatever its operands are; what they add is in the opcode. The first entry is the fork that brought it. */
  readonly gas: readonly Since[];
}

const FRONTIER: ForkName = "chainstart";

function row(
  code: number,
  name: string,
  taken: number,
  left: number,
  gas: number | readonly Since[],
  since: ForkName = FRONTIER,
): Opcode {
  return { code, name, taken, left, gas: typeof gas === "number" ? [[since, gas]] : gas };
}

function rows(count: number, of: (i: number) => Opcode): Opcode[] {
  return Array.from({ length: count }, (_, i) => of(i));
}

/** EIP-150, EIP-1884 and EIP-2929, which moved the price of looking at an account into the opcode. */
const CALL_GAS: readonly Since[] = [
  [FRONTIER, 40],
  ["tangerineWhistle", 700],
  ["berlin", 0],
];
const CODE_GAS: readonly Since[] = [
  [FRONTIER, 20],
  ["tangerineWhistle", 700],
  ["berlin", 0],
];

/** All opcodes up to Osaka and its blob forks. */
export const OPCODES: readonly Opcode[] = [
  row(0x00, "STOP", 0, 0, 0),
  row(0x01, "ADD", 2, 1, 3),
  row(0x02, "MUL", 2, 1, 5),
  row(0x03, "SUB", 2, 1, 3),
  row(0x04, "DIV", 2, 1, 5),
  row(0x05, "SDIV", 2, 1, 5),
  row(0x06, "MOD", 2, 1, 5),
  row(0x07, "SMOD", 2, 1, 5),
  row(0x08, "ADDMOD", 3, 1, 8),
  row(0x09, "MULMOD", 3, 1, 8),
  row(0x0a, "EXP", 2, 1, 10),
  row(0x0b, "SIGNEXTEND", 2, 1, 5),
  row(0x10, "LT", 2, 1, 3),
  row(0x11, "GT", 2, 1, 3),
  row(0x12, "SLT", 2, 1, 3),
  row(0x13, "SGT", 2, 1, 3),
  row(0x14, "EQ", 2, 1, 3),
  row(0x15, "ISZERO", 1, 1, 3),
  row(0x16, "AND", 2, 1, 3),
  row(0x17, "OR", 2, 1, 3),
  row(0x18, "XOR", 2, 1, 3),
  row(0x19, "NOT", 1, 1, 3),
  row(0x1a, "BYTE", 2, 1, 3),
  row(0x1b, "SHL", 2, 1, 3, "constantinople"),
  row(0x1c, "SHR", 2, 1, 3, "constantinople"),
  row(0x1d, "SAR", 2, 1, 3, "constantinople"),
  row(0x1e, "CLZ", 1, 1, 5, "osaka"),
  row(0x20, "KECCAK256", 2, 1, 30),
  row(0x30, "ADDRESS", 0, 1, 2),
  row(0x31, "BALANCE", 1, 1, [
    [FRONTIER, 20],
    ["tangerineWhistle", 400],
    ["istanbul", 700],
    ["berlin", 0],
  ]),
  row(0x32, "ORIGIN", 0, 1, 2),
  row(0x33, "CALLER", 0, 1, 2),
  row(0x34, "CALLVALUE", 0, 1, 2),
  row(0x35, "CALLDATALOAD", 1, 1, 3),
  row(0x36, "CALLDATASIZE", 0, 1, 2),
  row(0x37, "CALLDATACOPY", 3, 0, 3),
  row(0x38, "CODESIZE", 0, 1, 2),
  row(0x39, "CODECOPY", 3, 0, 3),
  row(0x3a, "GASPRICE", 0, 1, 2),
  row(0x3b, "EXTCODESIZE", 1, 1, CODE_GAS),
  row(0x3c, "EXTCODECOPY", 4, 0, CODE_GAS),
  row(0x3d, "RETURNDATASIZE", 0, 1, 2, "byzantium"),
  row(0x3e, "RETURNDATACOPY", 3, 0, 3, "byzantium"),
  row(0x3f, "EXTCODEHASH", 1, 1, [
    ["constantinople", 400],
    ["istanbul", 700],
    ["berlin", 0],
  ]),
  row(0x40, "BLOCKHASH", 1, 1, 20),
  row(0x41, "COINBASE", 0, 1, 2),
  row(0x42, "TIMESTAMP", 0, 1, 2),
  row(0x43, "NUMBER", 0, 1, 2),
  row(0x44, "PREVRANDAO", 0, 1, 2),
  row(0x45, "GASLIMIT", 0, 1, 2),
  row(0x46, "CHAINID", 0, 1, 2, "istanbul"),
  row(0x47, "SELFBALANCE", 0, 1, 5, "istanbul"),
  row(0x48, "BASEFEE", 0, 1, 2, "london"),
  row(0x49, "BLOBHASH", 1, 1, 3, "cancun"),
  row(0x4a, "BLOBBASEFEE", 0, 1, 2, "cancun"),
  row(0x50, "POP", 1, 0, 2),
  row(0x51, "MLOAD", 1, 1, 3),
  row(0x52, "MSTORE", 2, 0, 3),
  row(0x53, "MSTORE8", 2, 0, 3),
  row(0x54, "SLOAD", 1, 1, [
    [FRONTIER, 50],
    ["tangerineWhistle", 200],
    ["istanbul", 800],
    ["berlin", 0],
  ]),
  row(0x55, "SSTORE", 2, 0, 0),
  row(0x56, "JUMP", 1, 0, 8),
  row(0x57, "JUMPI", 2, 0, 10),
  row(0x58, "PC", 0, 1, 2),
  row(0x59, "MSIZE", 0, 1, 2),
  row(0x5a, "GAS", 0, 1, 2),
  row(0x5b, "JUMPDEST", 0, 0, 1),
  row(0x5c, "TLOAD", 1, 1, 100, "cancun"),
  row(0x5d, "TSTORE", 2, 0, 100, "cancun"),
  row(0x5e, "MCOPY", 3, 0, 3, "cancun"),
  row(0x5f, "PUSH0", 0, 1, 2, "shanghai"),
  ...rows(32, (i) => row(0x60 + i, `PUSH${i + 1}`, 0, 1, 3)),
  ...rows(16, (i) => row(0x80 + i, `DUP${i + 1}`, i + 1, i + 2, 3)),
  ...rows(16, (i) => row(0x90 + i, `SWAP${i + 1}`, i + 2, i + 2, 3)),
  ...rows(5, (i) => row(0xa0 + i, `LOG${i}`, i + 2, 0, 375)),
  row(0xf0, "CREATE", 3, 1, 32_000),
  row(0xf1, "CALL", 7, 1, CALL_GAS),
  row(0xf2, "CALLCODE", 7, 1, CALL_GAS),
  row(0xf3, "RETURN", 2, 0, 0),
  row(0xf4, "DELEGATECALL", 6, 1, [
    ["homestead", 40],
    ["tangerineWhistle", 700],
    ["berlin", 0],
  ]),
  row(0xf5, "CREATE2", 4, 1, 32_000, "constantinople"),
  row(0xfa, "STATICCALL", 6, 1, [
    ["byzantium", 700],
    ["berlin", 0],
  ]),
  row(0xfd, "REVERT", 2, 0, 0, "byzantium"),
  row(0xff, "SELFDESTRUCT", 1, 0, [
    [FRONTIER, 0],
    ["tangerineWhistle", 5_000],
  ]),
];

/** What the opcode costs in a fork; undefined when the fork does not have it. */
export function gasIn({ gas }: Opcode, fork: ForkName): number | undefined {
  return gas.findLast(([since]) => isSince(fork, since))?.[1];
}

const WORD_BYTES = 32;
const STACK_LIMIT = 1_024;

/** Writes the opcodes of a fork into the instance's EVM (`evm` is where EVM_* are offsets from). */
export function writeOpcodes({ view }: Kernel, evm: number, fork: ForkName): void {
  for (let code = 0; code < 256; code++) {
    const at = evm + EVM_OPCODES + code * OPCODE_SIZE;
    view.setUint16(at + OPCODE_GAS, 0, true);
    view.setUint16(at + OPCODE_TAKEN, OPCODE_INVALID, true);
    view.setUint32(at + OPCODE_ROOM, 0, true);
  }
  for (const opcode of OPCODES) {
    const gas = gasIn(opcode, fork);
    if (gas === undefined) continue;
    const at = evm + EVM_OPCODES + opcode.code * OPCODE_SIZE;
    view.setUint16(at + OPCODE_GAS, gas, true);
    view.setUint16(at + OPCODE_TAKEN, opcode.taken * WORD_BYTES, true);
    view.setUint32(at + OPCODE_ROOM, (STACK_LIMIT - opcode.left) * WORD_BYTES, true);
  }
}
