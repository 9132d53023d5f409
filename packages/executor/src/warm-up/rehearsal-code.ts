// The contracts of a rehearsal: between them the opcodes that blocks are made of, with operands of the kinds that they meet there.

import { minimalBytes } from "@braid/primitives";

/** The contract that does a bit of everything, and those that it calls. */
export const STAGE = 0xbeef00n;
export const PEER = 0xbeef01n;
const REVERTING = 0xbeef02n;
const WRITING = 0xbeef03n;
const FAILING = 0xbeef04n;
export const NOBODY = 0xbeef05n;

/** Numbers of one and of several machine words: V8 tells them apart. */
const ADDRESS = 0x1111111111111111111111111111111111111111n;
const LARGE = (1n << 256n) - 3n;
const NUMBERS = [0n, 31n, ADDRESS, LARGE];
/** Slots of the stage that are set before the block. */
export const SET_SLOTS: readonly [slot: bigint, value: bigint][] = [
  [9n, 7n],
  [10n, LARGE],
];

const POP = 0x50;
const JUMPI = 0x57;
const JUMPDEST = 0x5b;
const PUSH0 = 0x5f;
const CALL = 0xf1;
const RETURN = 0xf3;

/** EVM code, written from front to back. */
class Code {
  readonly #bytes: number[] = [];

  get bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  op(...opcodes: number[]): this {
    this.#bytes.push(...opcodes);
    return this;
  }

  /** The last one ends on top. */
  push(...numbers: bigint[]): this {
    for (const number of numbers) {
      // PUSH1 0: PUSH0 is younger than most forks.
      const bytes = number === 0n ? [0] : minimalBytes(number);
      this.op(PUSH0 + bytes.length, ...bytes);
    }
    return this;
  }

  /** An opcode with its operands; its result is dropped. */
  ask(opcode: number, ...operands: bigint[]): this {
    return this.push(...operands).op(opcode, POP);
  }

  /** A jump to where it stands, taken when the condition holds. */
  jumpIf(condition: bigint): this {
    const target = this.#bytes.length + (condition === 0n ? 1 : minimalBytes(condition).length) + 5;
    return this.push(condition).op(0x61, target >> 8, target & 0xff, JUMPI, JUMPDEST);
  }

  /** Counts down to zero. */
  loop(times: bigint): this {
    const start = this.push(times).#bytes.length;
    // SWAP1, SUB, DUP1
    return this.op(JUMPDEST).push(1n).op(0x90, 0x03, 0x80).push(BigInt(start)).op(JUMPI, POP);
  }
}

function arithmetic(code: Code, modern: boolean): void {
  const shifts = modern ? [0x1b, 0x1c, 0x1d] : [];
  for (const op of [1, 2, 3, 4, 5, 6, 7, 0x0b, 0x10, 0x11, 0x12, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1a])
    for (const a of NUMBERS) for (const b of NUMBERS) code.ask(op, a, b);
  for (const op of shifts) for (const by of [8n, 96n, 224n, 256n]) code.ask(op, ADDRESS, by);
  for (const number of NUMBERS) code.ask(0x15, number).ask(0x19, number).jumpIf(number);
  for (const number of NUMBERS) code.ask(0x08, 97n, number, number).ask(0x09, 97n, number, number);
  for (const exponent of [0n, 2n, 18n]) code.ask(0x0a, exponent, 10n);
  code
    .push(...NUMBERS, 1n, 2n)
    .op(0x80, 0x85, 0x90, 0x95)
    .loop(20n);
  for (let i = 0; i < 8; i++) code.op(POP);
}

function memory(code: Code): void {
  for (const [i, number] of NUMBERS.entries()) {
    const at = BigInt(32 * i);
    // MSTORE, MLOAD, MSTORE8, CALLDATALOAD
    code.push(number, at).op(0x52).ask(0x51, at).push(number, at).op(0x53).ask(0x35, at);
  }
  // KECCAK256, and CALLDATACOPY and CODECOPY from within, beyond the end, and none.
  for (const size of [0n, 64n, 200n]) code.ask(0x20, size, 3n);
  for (const from of [0n, 2n, 20_000n])
    for (const size of [0n, 64n]) code.push(size, from, 64n).op(0x37).push(size, from, 64n).op(0x39);
  // Further than what a frame has from the beginning.
  code.ask(0x51, 9_000n);
}

/** What a contract asks about itself, the transaction, the block and other accounts. */
function surroundings(code: Code, modern: boolean): void {
  const fields = [0x30, 0x32, 0x33, 0x34, 0x36, 0x38, 0x3a, 0x41, 0x42, 0x43, 0x44, 0x45, 0x58, 0x59, 0x5a];
  for (const op of [...fields, ...(modern ? [0x3d, 0x46, 0x47, 0x48, 0x5f] : [])]) code.op(op, POP);
  for (const address of [PEER, NOBODY]) code.ask(0x31, address).ask(0x3b, address);
  code.push(40n, 0n, 0n, PEER).op(0x3c);
  // EXTCODEHASH, TSTORE, TLOAD, MCOPY
  if (modern) code.ask(0x3f, PEER).push(1n, 2n).op(0x5d).ask(0x5c, 2n).push(32n, 0n, 64n).op(0x5e);
}

/** Slots that were zero and that were not: to the same value, to another one, to zero, and back. */
function storage(code: Code): void {
  for (const slot of [1n, LARGE, ...SET_SLOTS.map(([set]) => set)])
    for (const value of [0n, 1n, LARGE, 0n, 5n, 5n, 7n, LARGE])
      code.ask(0x54, slot).push(value, slot).op(0x55).ask(0x54, slot);
}

function logs(code: Code): void {
  for (let topics = 0; topics <= 4; topics++)
    for (const size of [0n, 32n, 100n]) code.push(...NUMBERS.slice(0, topics), size, 0n).op(0xa0 + topics);
}

function calls(code: Code, modern: boolean): void {
  const call = (to: bigint, value = 0n, gas = 50_000n): Code =>
    code.ask(CALL, 32n, 0n, 68n, 0n, value, to, gas);
  for (const to of [PEER, NOBODY, REVERTING, FAILING]) call(to);
  call(PEER, 1n);
  // Out of gas.
  call(PEER, 0n, 5n);
  // A signature that is none, the two hashes, the identity.
  for (const precompile of [1n, 2n, 3n, 4n]) call(precompile);
  // DELEGATECALL, CREATE
  code.ask(0xf4, 32n, 0n, 36n, 0n, PEER, 50_000n).ask(0xf0, 0n, 0n, 0n);
  if (!modern) return;
  // STATICCALL
  for (const to of [REVERTING, WRITING, PEER]) code.ask(0xfa, 32n, 0n, 36n, 0n, to, 50_000n);
  // RETURNDATACOPY; CREATE2 with the caller as its salt, so that each time has another address
  code.push(32n, 0n, 0n).op(0x3e, 0x33).ask(0xf5, 0n, 0n, 0n);
}

/** The contracts by address, in the opcodes of the first forks or in those of Cancun. */
export function rehearsalCode(modern: boolean): Map<bigint, Uint8Array> {
  const stage = new Code();
  arithmetic(stage, modern);
  memory(stage);
  surroundings(stage, modern);
  storage(stage);
  logs(stage);
  calls(stage, modern);
  stage.push(32n, 0n).op(RETURN);
  // The sum of a word of its input and one of its storage.
  const peer = new Code()
    .push(0n)
    .op(0x35)
    .push(4n)
    .op(0x54, 0x01)
    .push(0n)
    .op(0x52)
    .push(32n, 0n)
    .op(RETURN);
  return new Map([
    [STAGE, stage.bytes],
    [PEER, peer.bytes],
    [REVERTING, new Code().push(32n, 0n).op(0xfd).bytes],
    [WRITING, new Code().push(1n, 1n).op(0x55).bytes],
    [FAILING, new Code().op(0xfe).bytes],
  ]);
}
