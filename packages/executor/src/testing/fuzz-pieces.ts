// For tests: the pieces that fuzzed contracts are made of. Each stands by itself wherever it comes to lie (jumps are relative), so that a shrinker can
// leave out any of them. What a piece works out it adds to a word in memory, which contracts return and store: else nobody would see that it is wrong.

import { keyed, plainAddress } from "@braid/testing/accounts";
import { COINBASE, type Fork } from "@braid/testing/block-builder";
import { gasIn, OPCODES } from "../engines/wasm/opcodes.ts";
import { precompileInput } from "./fuzz-precompiles.ts";

export type Below = (limit: number) => number;
type Piece = number[];

export const FUZZ_CONTRACTS = 12;
export const FUZZ_SENDERS = 4;
/** Where the word lies that everything goes into. */
const SUM = 0x3e0;

/** Where contract `index` is. */
export function fuzzAddress(index: number): Uint8Array {
  return plainAddress(0x900 + index);
}

const EDGES = [
  0n,
  1n,
  2n,
  3n,
  31n,
  32n,
  33n,
  255n,
  256n,
  257n,
  (1n << 32n) - 1n,
  1n << 32n,
  (1n << 63n) - 1n,
  1n << 63n,
  (1n << 64n) - 1n,
  1n << 64n,
  (1n << 64n) + 1n,
  (1n << 128n) - 1n,
  1n << 128n,
  (1n << 160n) - 1n,
  1n << 192n,
  (1n << 255n) - 1n,
  1n << 255n,
  (1n << 256n) - 2n,
  (1n << 256n) - 1n,
];

/** Places of bits and bytes, and counts of them. */
const PLACES = [
  0, 1, 7, 8, 15, 16, 29, 30, 31, 32, 33, 63, 64, 65, 127, 128, 129, 191, 192, 193, 248, 254, 255, 256, 257,
];

const BINARY = [
  1, 2, 3, 4, 5, 6, 7, 0x0a, 0x0b, 0x10, 0x11, 0x12, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1a, 0x1b, 0x1c, 0x1d,
];
const NULLARY = [
  0x30, 0x32, 0x33, 0x34, 0x36, 0x38, 0x3a, 0x3d, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x4a, 0x58,
  0x59, 0x5a,
];
const PRECOMPILES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 0x100];
/** Those that take milliseconds in other engines. */
const SLOW = new Set([8, 10, 11, 12, 13, 14, 15, 16, 17, 0x100]);

function push(value: bigint | number): Piece {
  const hex = BigInt(value).toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  return [0x5f + bytes.length, ...bytes];
}

/** Takes a word off the stack and into the sum. */
const SINK: Piece = [...push(SUM), 0x51, 0x18, ...push(SUM), 0x52];

/** Makes pieces; what they leave on the stack is little. */
export class Pieces {
  readonly #below: Below;
  /** The opcodes of the fork. */
  readonly #codes: ReadonlySet<number>;

  constructor(below: Below, fork: Fork) {
    this.#below = below;
    this.#codes = new Set(
      OPCODES.filter((opcode) => gasIn(opcode, fork) !== undefined).map(({ code }) => code),
    );
  }

  /** One of these opcodes, seldom one that the fork does not have. */
  #opcode(...of: readonly number[]): number {
    for (;;) {
      const code = this.#one(of);
      if (this.#codes.has(code) || this.#below(200) === 0) return code;
    }
  }

  #zero(): Piece {
    return this.#below(2) === 0 ? [this.#opcode(0x5f, 0x58)] : push(0);
  }

  #one<T>(of: readonly T[]): T {
    return of[this.#below(of.length)] as T;
  }

  #word(): Piece {
    const kind = this.#below(7);
    if (kind < 2) return push(this.#one(EDGES));
    if (kind === 6) return push(this.#below(1 << 16));
    if (kind === 2) return [this.#opcode(...NULLARY)];
    if (kind === 3) {
      // A run of ones.
      const width = BigInt(1 + this.#below(256));
      return push((((1n << width) - 1n) << BigInt(this.#below(256))) & ((1n << 256n) - 1n));
    }
    let value = 0n;
    for (let i = this.#below(2) === 0 ? 8 : 1 + this.#below(8); i > 0; i--)
      value = (value << 32n) | BigInt(this.#below(2 ** 32));
    return push(value);
  }

  #small(limit = 160): Piece {
    return push(this.#below(limit));
  }

  #address(): Piece {
    const kind = this.#below(10);
    if (kind < 5) return [0x73, ...fuzzAddress(this.#below(FUZZ_CONTRACTS))];
    if (kind === 5) return [0x73, ...keyed(this.#below(FUZZ_SENDERS)).address];
    if (kind === 6) return [0x73, ...COINBASE];
    if (kind === 7) return push(this.#one(PRECOMPILES));
    return kind === 8 ? [0x30] : [0x73, ...plainAddress(this.#below(5))];
  }

  #store(): Piece {
    return [...this.#word(), ...this.#small(), 0x52];
  }

  #arithmetic(): Piece {
    const kind = this.#below(8);
    const end = this.#below(4) === 0 ? [] : SINK;
    if (kind === 0) return [...this.#word(), ...this.#word(), ...this.#word(), this.#opcode(8, 9), ...end];
    if (kind === 1) return [...this.#word(), this.#opcode(0x15, 0x19, 0x1e), ...end];
    // Shifts, bytes and powers by little as well.
    if (kind < 4)
      return [
        ...this.#word(),
        ...push(this.#below(4) === 0 ? this.#below(280) : this.#one(PLACES)),
        this.#opcode(0x0a, 0x0b, 0x1a, 0x1b, 0x1c, 0x1d),
        ...end,
      ];
    return [...this.#word(), ...this.#word(), this.#opcode(...BINARY), ...end];
  }

  /** Words, and one of them taken from below or swapped. */
  #stack(): Piece {
    const depth = 1 + this.#below(16);
    const words = Array.from({ length: depth + this.#below(3) }, () => this.#word()).flat();
    return [...words, (this.#below(2) === 0 ? 0x7f : 0x8f) + depth, ...SINK, ...SINK];
  }

  #storage(): Piece {
    const slot = (): Piece => push(this.#below(12) === 0 ? this.#one(EDGES) : this.#below(4));
    // The slot of a mapping's key.
    const hashed = (): Piece => [
      ...(this.#below(4) === 0 ? this.#word() : push(this.#below(3))),
      ...push(0),
      0x52,
      ...push(this.#below(3)),
      ...push(32),
      0x52,
      ...push(64),
      ...push(0),
      0x20,
    ];
    switch (this.#below(8)) {
      case 6:
        return [...hashed(), 0x54, ...SINK];
      case 7:
        return [...this.#word(), ...hashed(), 0x55];
      case 0:
        return [...slot(), 0x54, ...SINK];
      case 1:
        return [...slot(), 0x54, ...push(1), 0x01, ...slot(), 0x55];
      case 2:
        return [...slot(), this.#opcode(0x5c, 0x54), ...slot(), this.#opcode(0x5d, 0x55)];
      case 3:
        return [...this.#word(), ...slot(), 0x55];
      case 4:
        return [
          ...push(this.#below(3)),
          ...slot(),
          this.#opcode(0x5d, 0x52),
          ...slot(),
          this.#opcode(0x5c, 0x54),
          ...SINK,
        ];
      default:
        return [...push(this.#below(3)), ...slot(), 0x55];
    }
  }

  #memory(): Piece {
    const three = (): Piece => [...this.#small(), ...this.#small(), ...this.#small()];
    switch (this.#below(10)) {
      case 0:
        return [...this.#small(), 0x51, ...SINK];
      case 1:
        return [...this.#word(), ...this.#small(), 0x53];
      case 2:
        return [...this.#small(400), ...this.#small(), 0x20, ...SINK];
      case 3:
        return [...three(), this.#opcode(0x37, 0x39, 0x5e)];
      case 4:
        // What was returned, all of it.
        return [0x3d, ...push(0), ...this.#small(), 0x3e];
      case 5:
        return [...three(), ...this.#address(), 0x3c];
      case 6:
        return [...this.#small(), 0x35, ...SINK];
      case 7:
        // Wherever, and nothing of it.
        return [...this.#zero(), ...this.#word(), 0x20, ...SINK];
      case 8:
        return [...this.#small(64), ...this.#small(), 0x20, 0x54, ...SINK];
      default:
        return this.#store();
    }
  }

  #environment(): Piece {
    const kind = this.#below(6);
    if (kind < 3) return [...this.#address(), this.#opcode(0x31, 0x3b, 0x3f), ...SINK];
    if (kind === 3) return [...push(740 + this.#below(300)), 0x40, ...SINK];
    return kind === 4
      ? [...push(this.#below(3)), this.#opcode(0x49, 0x31), ...SINK]
      : [this.#opcode(...NULLARY), ...SINK];
  }

  #log(): Piece {
    const topics = this.#below(5);
    const words = Array.from({ length: topics }, () => this.#word()).flat();
    return [...words, ...this.#small(), ...this.#small(), 0xa0 + topics];
  }

  #callGas(): Piece {
    const kind = this.#below(6);
    if (kind === 0) return this.#word();
    return kind < 3 ? [0x5a] : push(this.#below(60_000));
  }

  #call(): Piece {
    const kind = this.#one([0xf1, 0xf1, 0xf2, 0xf4, 0xfa]);
    const takesValue = kind === 0xf1 || kind === 0xf2;
    return [
      ...this.#store(),
      ...this.#small(80),
      ...this.#small(80),
      ...this.#small(160),
      ...this.#small(80),
      ...(takesValue ? push(this.#below(3) === 0 ? this.#below(4) : 0) : []),
      ...this.#address(),
      ...this.#callGas(),
      kind,
      ...SINK,
    ];
  }

  #precompile(): Piece {
    let number = this.#one(PRECOMPILES);
    if (SLOW.has(number) && this.#below(24) !== 0) number = 1 + this.#below(7);
    const input = precompileInput(number, this.#below);
    const at = 0x400;
    const words: Piece = [];
    for (let i = 0; i < input.length; i += 32) {
      const word = new Uint8Array(32);
      word.set(input.subarray(i, i + 32));
      words.push(0x7f, ...word, ...push(at + i), 0x52);
    }
    const gas = this.#below(3) === 0 ? push(this.#below(8_000)) : push(150_000);
    const kind = this.#one([0xf1, 0xfa]);
    return [
      ...words,
      ...push(64),
      ...push(0x200),
      ...push(input.length),
      ...push(at),
      ...(kind === 0xf1 ? push(0) : []),
      ...push(number),
      ...gas,
      kind,
      ...SINK,
      // All that it has answered.
      0x3d,
      ...push(0),
      ...push(0x200),
      0x3e,
      0x3d,
      ...push(0x200),
      0x20,
      ...SINK,
    ];
  }

  #create(): Piece {
    const inits: Piece[] = [
      // Returns its first bytes as the code.
      [...push(this.#below(32)), ...push(0), ...push(0), 0x39, ...push(this.#below(24)), ...push(0), 0xf3],
      [...push(1), ...push(1), 0x55],
      [...push(this.#below(40)), ...push(0), 0xfd],
      [0x33, 0xff],
      [0xfe],
      // A code that calls back, or destroys itself.
      [0x61, 0x33, 0xff, ...push(0), 0x52, ...push(2), ...push(30), 0xf3],
      [...push(7), ...push(0), 0x52, ...push(32), ...push(0), 0xf3],
      [...push(0xff), ...push(0), 0x53, ...push(1), ...push(0), 0xf3],
      [...push(0xef), ...push(0), 0x53, ...push(1), ...push(0), 0xf3],
      [...push(24_570 + this.#below(12)), ...push(0), 0xf3],
      [],
    ];
    const init = this.#one(inits);
    const bytes = [...init, ...new Array(32 - init.length).fill(0)];
    const two = this.#opcode(0xf0, 0xf5) === 0xf5;
    const length =
      this.#below(8) === 0 ? this.#below(200) : this.#below(60) === 0 ? 49_152 + this.#below(2) : init.length;
    return [
      0x7f,
      ...bytes,
      ...push(0),
      0x52,
      ...(two ? push(this.#below(2)) : []),
      ...push(length),
      ...push(0),
      ...push(this.#below(3)),
      two ? 0xf5 : 0xf0,
      // Call it, and look at it.
      ...(this.#below(2) === 0
        ? [
            ...push(0),
            ...push(0),
            ...push(0),
            ...push(0),
            ...push(0),
            0x85,
            0x5a,
            0xf1,
            ...SINK,
            0x80,
            0x3b,
            ...SINK,
          ]
        : []),
      ...SINK,
    ];
  }

  /** Runs a piece some times. */
  #loop(): Piece {
    const body = this.next(false);
    // What the body leaves would be in the counter's way: the counter lies in memory.
    const counter = push(0x380);
    const head = [0x5b, ...body];
    const tail = [...push(1), ...counter, 0x51, 0x03, 0x80, ...counter, 0x52];
    const length = head.length + tail.length;
    // Back to the JUMPDEST: it is so many bytes before the PC opcode.
    const back = [0x61, (length + 3) >> 8, (length + 3) & 255, 0x58, 0x03, 0x57];
    return [...push(1 + this.#below(6)), ...counter, 0x52, ...head, ...tail, ...back];
  }

  /** Jumps over bytes that mean nothing, or into them. */
  #jump(): Piece {
    const over = 1 + this.#below(5);
    const filler = Array.from({ length: over }, () => this.#one([0x60, 0x5b, 0xfe, 0x7f, 0x50]));
    // A push before the target would make a part of its data of it.
    const isReached = this.#below(4) !== 0;
    if (isReached) filler.fill(0xfe);
    if (this.#below(2) === 0) return [0x58, ...push(5 + over), 0x01, 0x56, ...filler, 0x5b];
    return [...push(this.#below(3)), 0x58, ...push(5 + over), 0x01, 0x57, ...filler.fill(0x5b), 0x5b];
  }

  #end(): Piece {
    switch (this.#below(12)) {
      case 0:
        return [0x00];
      case 1:
        return [...this.#address(), 0xff];
      case 2:
        return [this.#below(256)];
      case 3:
        return [...this.#small(), ...this.#small(), 0xfd];
      case 4:
        return [...this.#word(), this.#one([0x56, 0x51])];
      case 5: {
        // Ever more on the stack.
        const many = this.#below(3) === 0;
        return many ? [0x5b, 0x58, ...push(1), 0x90, 0x03, 0x80, 0x56] : [0x50, 0x50, 0x50, 0x50, 0x50, 0x50];
      }
      default:
        return [0x80 + this.#below(16), 0x50];
    }
  }

  next(mayLoop = true): Piece {
    const kind = this.#below(40);
    if (kind < 8) return this.#arithmetic();
    if (kind < 14) return this.#storage();
    if (kind < 19) return this.#memory();
    if (kind < 22) return this.#environment();
    if (kind < 24) return this.#log();
    if (kind < 29) return this.#call();
    if (kind < 31) return this.#create();
    if (kind < 33) return this.#precompile();
    if (kind < 34) return this.#stack();
    if (kind < 36) return this.#jump();
    if (kind < 39 && mayLoop) return this.#loop();
    return this.#below(6) === 0 ? this.#end() : [...this.#word(), 0x50];
  }

  /** The end of a contract. */
  last(): Piece {
    const store = this.#below(4) === 0 ? [...push(SUM), 0x51, ...push(9), 0x55] : [];
    const what = this.#below(3) === 0 ? [...this.#small(), ...this.#small()] : [...push(32), ...push(SUM)];
    return [...store, ...what, this.#one([0xf3, 0xf3, 0xf3, 0xf3, 0xfd, 0x00])];
  }
}
