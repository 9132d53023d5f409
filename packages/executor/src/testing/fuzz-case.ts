// For tests: random blocks that mean something to an EVM. Contracts are made of pieces, each of which stands by itself wherever it comes to lie (jumps
// are relative), so that a shrinker can leave out any of them.

import { keyed, plainAddress } from "@braid/testing/accounts";
import { COINBASE, FORKS, type Fork } from "@braid/testing/block-builder";
import { authorize } from "@braid/testing/sign";
import { random } from "./random-program.ts";

export interface FuzzTransaction {
  from: number;
  /** Which contract, or what a new one is made by. */
  to: number | Uint8Array;
  data: Uint8Array;
  value: number;
  gasLimit: number;
  /** Slots of the contract's access list; undefined: there is none. */
  warm: number | undefined;
  /** Of which account the authority takes on the code of which contract. */
  delegation: { authority: number; contract: number; nonce: number } | undefined;
}

/** A block, as far as it is random. */
export interface FuzzCase {
  seed: number;
  fork: Fork;
  contracts: Uint8Array[][];
  transactions: FuzzTransaction[];
}

/** The forks that the wasm engine runs. */
const FUZZ_FORKS: readonly Fork[] = FORKS.slice(FORKS.indexOf("byzantium")).filter(
  (fork) => fork !== "constantinople",
);

const CONTRACTS = 8;
const SENDERS = 4;

/** Where contract `index` is. */
export function fuzzAddress(index: number): Uint8Array {
  return plainAddress(0x900 + index);
}

type Below = (limit: number) => number;
type Piece = number[];

const EDGES = [
  0n,
  1n,
  2n,
  31n,
  32n,
  255n,
  256n,
  1n << 32n,
  (1n << 64n) - 1n,
  1n << 64n,
  1n << 128n,
  (1n << 255n) - 1n,
  1n << 255n,
  (1n << 256n) - 1n,
];

const BINARY = [
  1, 2, 3, 4, 5, 6, 7, 0x0a, 0x0b, 0x10, 0x11, 0x12, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1a, 0x1b, 0x1c, 0x1d,
];
const NULLARY = [
  0x30, 0x32, 0x33, 0x34, 0x36, 0x38, 0x3a, 0x3d, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x4a, 0x58,
  0x59, 0x5a,
];

function push(value: bigint | number): Piece {
  const hex = BigInt(value).toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  return [0x5f + bytes.length, ...bytes];
}

/** Makes one piece; what it leaves on the stack is little. */
class Pieces {
  readonly #below: Below;

  constructor(below: Below) {
    this.#below = below;
  }

  #one<T>(of: readonly T[]): T {
    return of[this.#below(of.length)] as T;
  }

  #word(): Piece {
    const kind = this.#below(4);
    if (kind === 0) return push(this.#one(EDGES));
    if (kind === 1) return push(this.#below(1 << 16));
    if (kind === 2) return [this.#one(NULLARY)];
    let value = 0n;
    for (let i = 0; i < 8; i++) value = (value << 32n) | BigInt(this.#below(2 ** 32));
    return push(value);
  }

  #small(limit = 160): Piece {
    return push(this.#below(limit));
  }

  #address(): Piece {
    const kind = this.#below(10);
    if (kind < 5) return [0x73, ...fuzzAddress(this.#below(CONTRACTS))];
    if (kind === 5) return [0x73, ...keyed(this.#below(SENDERS)).address];
    if (kind === 6) return [0x73, ...COINBASE];
    if (kind === 7) return push(this.#one([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 17, 0x100]));
    return kind === 8 ? [0x30] : [0x73, ...plainAddress(this.#below(5))];
  }

  #store(): Piece {
    return [...this.#word(), ...this.#small(), 0x52];
  }

  #arithmetic(): Piece {
    const kind = this.#below(8);
    if (kind === 0) return [...this.#word(), ...this.#word(), ...this.#word(), this.#one([8, 9])];
    if (kind === 1) return [...this.#word(), this.#one([0x15, 0x19, 0x1e])];
    return [...this.#word(), ...this.#word(), this.#one(BINARY)];
  }

  #storage(): Piece {
    const slot = (): Piece => push(this.#below(4));
    switch (this.#below(5)) {
      case 0:
        return [...slot(), 0x54];
      case 1:
        return [...slot(), 0x54, ...push(1), 0x01, ...slot(), 0x55];
      case 2:
        return [...slot(), 0x5c, ...slot(), 0x5d];
      default:
        return [...push(this.#below(3)), ...slot(), 0x55];
    }
  }

  #memory(): Piece {
    const three = (): Piece => [...this.#small(), ...this.#small(), ...this.#small()];
    switch (this.#below(8)) {
      case 0:
        return [...this.#small(), 0x51];
      case 1:
        return [...this.#word(), ...this.#small(), 0x53];
      case 2:
        return [...this.#small(), ...this.#small(), 0x20];
      case 3:
        return [...three(), this.#one([0x37, 0x39, 0x5e])];
      case 4:
        // What was returned, all of it.
        return [0x3d, 0x5f, ...this.#small(), 0x3e];
      case 5:
        return [...three(), ...this.#address(), 0x3c];
      case 6:
        return [...this.#small(), 0x35];
      default:
        return this.#store();
    }
  }

  #environment(): Piece {
    const kind = this.#below(6);
    if (kind < 3) return [...this.#address(), this.#one([0x31, 0x3b, 0x3f])];
    if (kind === 3) return [...push(740 + this.#below(300)), 0x40];
    return kind === 4 ? [...push(this.#below(3)), 0x49] : [this.#one(NULLARY)];
  }

  #log(): Piece {
    const topics = this.#below(5);
    const words = Array.from({ length: topics }, () => this.#word()).flat();
    return [...words, ...this.#small(), ...this.#small(), 0xa0 + topics];
  }

  #call(): Piece {
    const kind = this.#one([0xf1, 0xf1, 0xf2, 0xf4, 0xfa]);
    const takesValue = kind === 0xf1 || kind === 0xf2;
    const gas = this.#below(3) === 0 ? [0x5a] : push(this.#below(60_000));
    return [
      ...this.#store(),
      ...this.#small(80),
      ...this.#small(80),
      ...this.#small(160),
      ...this.#small(80),
      ...(takesValue ? push(this.#below(3) === 0 ? this.#below(4) : 0) : []),
      ...this.#address(),
      ...gas,
      kind,
    ];
  }

  #create(): Piece {
    const inits: Piece[] = [
      // Returns its first bytes as the code.
      [...push(this.#below(32)), 0x5f, 0x39, ...push(this.#below(24)), 0x5f, 0xf3],
      [...push(1), ...push(1), 0x55],
      [...push(this.#below(40)), ...push(0), 0xfd],
      [0x33, 0xff],
      [0xfe],
      [...push(7), 0x5f, 0x52, ...push(32), 0x5f, 0xf3],
      [...push(0xff), 0x5f, 0x53, ...push(1), 0x5f, 0xf3],
      [],
    ];
    const init = this.#one(inits);
    const bytes = [...init, ...new Array(32 - init.length).fill(0)];
    const two = this.#below(2) === 0;
    return [
      0x7f,
      ...bytes,
      ...push(0),
      0x52,
      ...(two ? push(this.#below(2)) : []),
      ...push(this.#below(8) === 0 ? this.#below(200) : init.length),
      ...push(0),
      ...push(this.#below(3)),
      two ? 0xf5 : 0xf0,
      // Call it.
      ...(this.#below(2) === 0 ? [0x5f, 0x5f, 0x5f, 0x5f, 0x5f, 0x85, 0x5a, 0xf1] : []),
    ];
  }

  /** Runs a piece some times. */
  #loop(): Piece {
    const body = this.next(false);
    // What the body leaves would be in the counter's way: the counter lies in memory.
    const counter = push(0x200);
    const head = [0x5b, ...body];
    const tail = [...push(1), ...counter, 0x51, 0x03, 0x80, ...counter, 0x52];
    const length = head.length + tail.length;
    // Back to the JUMPDEST: it is so many bytes before the PC opcode.
    const back = [0x61, (length + 3) >> 8, (length + 3) & 255, 0x58, 0x03, 0x57];
    return [...push(1 + this.#below(6)), ...counter, 0x52, ...head, ...tail, ...back];
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
      default:
        return [0x80 + this.#below(16), 0x50];
    }
  }

  next(mayLoop = true): Piece {
    const kind = this.#below(32);
    if (kind < 6) return this.#arithmetic();
    if (kind < 12) return this.#storage();
    if (kind < 17) return this.#memory();
    if (kind < 20) return this.#environment();
    if (kind < 22) return this.#log();
    if (kind < 27) return this.#call();
    if (kind < 29) return this.#create();
    if (kind < 31 && mayLoop) return this.#loop();
    return this.#below(6) === 0 ? this.#end() : [...this.#word(), 0x50];
  }

  /** The end of a contract. */
  last(): Piece {
    return [...this.#small(), ...this.#small(), this.#one([0xf3, 0xf3, 0xf3, 0xfd, 0x00])];
  }
}

/** The case of a seed. */
export function fuzzCase(seed: number): FuzzCase {
  const below = random(seed);
  const fork = FUZZ_FORKS[below(FUZZ_FORKS.length)] as Fork;
  const pieces = new Pieces(below);
  const contracts = Array.from({ length: CONTRACTS }, () => {
    const count = 2 + below(14);
    return [
      ...Array.from({ length: count }, () => Uint8Array.from(pieces.next())),
      Uint8Array.from(pieces.last()),
    ];
  });
  const transactions = Array.from({ length: 12 }, (): FuzzTransaction => {
    const creates = below(8) === 0;
    return {
      from: below(SENDERS),
      to: creates
        ? Uint8Array.from([...pieces.next(), ...pieces.next(), ...pieces.last()])
        : below(CONTRACTS),
      data: Uint8Array.from({ length: below(100) }, () => (below(3) === 0 ? 0 : below(256))),
      value: below(3) === 0 ? below(5) : 0,
      gasLimit: 60_000 + below(4) * below(150_000),
      warm: below(4) === 0 ? below(3) : undefined,
      delegation:
        below(6) === 0
          ? { authority: 10 + below(3), contract: below(CONTRACTS), nonce: below(2) }
          : undefined,
    };
  });
  return { seed, fork, contracts, transactions };
}

/** The authorization of a transaction. */
export function authorizationOf({ authority, contract, nonce }: NonNullable<FuzzTransaction["delegation"]>) {
  return authorize(keyed(authority), fuzzAddress(contract), nonce);
}
