// For tests: a small assembler of EVM bytecode, so that a contract in a test reads as the list of its opcodes.

import { concatBytes } from "@braid/primitives";

const OPCODES: Record<string, number> = {
  STOP: 0x00,
  ADD: 0x01,
  MUL: 0x02,
  SUB: 0x03,
  DIV: 0x04,
  MOD: 0x06,
  EXP: 0x0a,
  LT: 0x10,
  GT: 0x11,
  EQ: 0x14,
  ISZERO: 0x15,
  AND: 0x16,
  OR: 0x17,
  XOR: 0x18,
  NOT: 0x19,
  SHL: 0x1b,
  SHR: 0x1c,
  SHA3: 0x20,
  ADDRESS: 0x30,
  BALANCE: 0x31,
  ORIGIN: 0x32,
  CALLER: 0x33,
  CALLVALUE: 0x34,
  CALLDATALOAD: 0x35,
  CALLDATASIZE: 0x36,
  CALLDATACOPY: 0x37,
  CODESIZE: 0x38,
  CODECOPY: 0x39,
  GASPRICE: 0x3a,
  EXTCODESIZE: 0x3b,
  EXTCODECOPY: 0x3c,
  RETURNDATASIZE: 0x3d,
  RETURNDATACOPY: 0x3e,
  EXTCODEHASH: 0x3f,
  BLOCKHASH: 0x40,
  COINBASE: 0x41,
  TIMESTAMP: 0x42,
  NUMBER: 0x43,
  GASLIMIT: 0x45,
  SELFBALANCE: 0x47,
  BASEFEE: 0x48,
  POP: 0x50,
  MLOAD: 0x51,
  MSTORE: 0x52,
  MSTORE8: 0x53,
  SLOAD: 0x54,
  SSTORE: 0x55,
  JUMP: 0x56,
  JUMPI: 0x57,
  MSIZE: 0x59,
  GAS: 0x5a,
  TLOAD: 0x5c,
  TSTORE: 0x5d,
  DUP1: 0x80,
  DUP2: 0x81,
  DUP3: 0x82,
  SWAP1: 0x90,
  SWAP2: 0x91,
  LOG0: 0xa0,
  LOG1: 0xa1,
  LOG2: 0xa2,
  CREATE: 0xf0,
  CALL: 0xf1,
  CALLCODE: 0xf2,
  RETURN: 0xf3,
  DELEGATECALL: 0xf4,
  CREATE2: 0xf5,
  STATICCALL: 0xfa,
  REVERT: 0xfd,
  INVALID: 0xfe,
  SELFDESTRUCT: 0xff,
};
const JUMPDEST = 0x5b;
const PUSH1 = 0x60;
const PUSH2 = 0x61;

/** A number is pushed, bytes are pushed as they are, ":name" is a jump destination, "@name" pushes its place, other words are opcodes. */
export type AsmItem = number | bigint | string | Uint8Array;

/** Assembles the items. Pushes are as short as the value, at least one byte (PUSH0 is not in every fork). */
export function asm(...items: AsmItem[]): Uint8Array {
  const bytes: number[] = [];
  const labels = new Map<string, number>();
  const uses: { at: number; label: string }[] = [];
  for (const item of items) {
    if (typeof item === "string") {
      if (item.startsWith(":")) {
        if (labels.has(item.slice(1))) throw new Error(`label ${item} stands twice`);
        labels.set(item.slice(1), bytes.length);
        bytes.push(JUMPDEST);
      } else if (item.startsWith("@")) {
        uses.push({ at: bytes.length + 1, label: item.slice(1) });
        bytes.push(PUSH2, 0, 0);
      } else {
        const opcode = OPCODES[item];
        if (opcode === undefined) throw new Error(`no opcode ${item}`);
        bytes.push(opcode);
      }
      continue;
    }
    const value = item instanceof Uint8Array ? item : minimalBytes(BigInt(item));
    bytes.push(PUSH1 + value.length - 1, ...value);
  }
  for (const { at, label } of uses) {
    const target = labels.get(label);
    if (target === undefined) throw new Error(`no label ${label}`);
    bytes[at] = target >> 8;
    bytes[at + 1] = target & 0xff;
  }
  return Uint8Array.from(bytes);
}

function minimalBytes(value: bigint): Uint8Array {
  const hex = value.toString(16);
  return Uint8Array.from(Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex"));
}

/** Init code that runs `constructorCode` and then returns `runtime` as the contract's code. */
export function initCode(runtime: Uint8Array, constructorCode: Uint8Array = new Uint8Array(0)): Uint8Array {
  // size, DUP1, offset (one byte, as all of it is short), 0, CODECOPY, 0, RETURN
  const length = Uint8Array.of(runtime.length >> 8, runtime.length & 0xff);
  const tail = (offset: number): Uint8Array =>
    asm(length, "DUP1", Uint8Array.of(offset >> 8, offset & 0xff), 0, "CODECOPY", 0, "RETURN");
  return concatBytes(constructorCode, tail(constructorCode.length + tail(0).length), runtime);
}

/** A 32-byte word of call data. */
export function word(value: bigint | number | Uint8Array): Uint8Array {
  const bytes = value instanceof Uint8Array ? value : minimalBytes(BigInt(value));
  const padded = new Uint8Array(32);
  padded.set(bytes, 32 - bytes.length);
  return padded;
}

/** Items that call `to` with call data of any length, and drop the answer. */
export function callWith(to: Uint8Array, data: Uint8Array): AsmItem[] {
  const words = Math.ceil(data.length / 32);
  const padded = new Uint8Array(words * 32);
  padded.set(data);
  const stores = Array.from({ length: words }, (_, i): AsmItem[] => [
    padded.slice(32 * i, 32 * i + 32),
    32 * i,
    "MSTORE",
  ]);
  return [...stores.flat(), 0, 0, data.length, 0, 0, to, "GAS", "CALL", "POP"];
}
