// For tests: random bytecode that mostly does something.

/** Programs call each other at these addresses: 0x100 and the next ones. */
export const RANDOM_CONTRACTS = 10;

/** mulberry32: small, seeded, the same everywhere. */
export function random(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** Words in which arithmetic, memory and jumps have their edges. */
const EDGES = [
  0n,
  1n,
  2n,
  31n,
  32n,
  33n,
  255n,
  256n,
  1n << 64n,
  (1n << 255n) - 1n,
  1n << 255n,
  (1n << 256n) - 1n,
];

function push(value: bigint, out: number[]): void {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  out.push(0x5f + bytes.length, ...bytes);
}

const ARITHMETIC = [
  0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16,
];
const BITS = [0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e];
const ENVIRONMENT = [
  0x30, 0x32, 0x33, 0x34, 0x36, 0x38, 0x3a, 0x3d, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x4a, 0x58,
  0x59, 0x5a, 0x5f,
];

/** A program that mostly does something: operands are pushed before what consumes them, and now and then they are missing. */
export function program(below: (n: number) => number): Uint8Array {
  const out: number[] = [];
  const word = (): void =>
    push(below(3) === 0 ? (EDGES[below(EDGES.length)] as bigint) : BigInt(below(1 << 16)), out);
  const small = (): void => push(BigInt(below(200)), out);
  const actions: (() => void)[] = [
    () => {
      word();
      word();
      if (below(4) === 0) word();
      out.push(ARITHMETIC[below(ARITHMETIC.length)] as number);
    },
    () => {
      word();
      small();
      out.push(BITS[below(BITS.length)] as number);
    },
    () => out.push(ENVIRONMENT[below(ENVIRONMENT.length)] as number),
    () => {
      word();
      small();
      out.push(below(4) === 0 ? 0x53 : 0x52); // MSTORE8, MSTORE
    },
    () => {
      small();
      out.push([0x51, 0x35, 0x54, 0x5c][below(4)] as number); // MLOAD, CALLDATALOAD, SLOAD, TLOAD
    },
    () => {
      push(BigInt(below(3)), out);
      push(BigInt(below(4)), out);
      out.push(below(5) === 0 ? 0x5d : 0x55); // TSTORE, SSTORE
    },
    () => {
      small();
      small();
      small();
      out.push([0x37, 0x39, 0x3e, 0x5e][below(4)] as number); // CALLDATACOPY, CODECOPY, RETURNDATACOPY, MCOPY
    },
    () => {
      small();
      small();
      out.push(0x20); // KECCAK256
    },
    () => {
      const topics = below(5);
      for (let i = 0; i < topics; i++) word();
      small();
      small();
      out.push(0xa0 + topics);
    },
    () => out.push((below(2) === 0 ? 0x80 : 0x90) + below(16)), // DUP, SWAP
    () => out.push(0x50, 0x5b), // POP, JUMPDEST
    () => {
      // Forward over a byte that is no instruction: a JUMPDEST within push data is none.
      const condition = below(2);
      push(BigInt(condition), out);
      push(BigInt(out.length + 6), out);
      out.push(0x57, 0x60, 0x5b, 0x5b);
    },
    () => {
      // STATICCALL, DELEGATECALL or CALL of another contract, with little gas.
      for (let i = 0; i < 4; i++) small();
      const kind = [0xf1, 0xf4, 0xfa][below(3)] as number;
      if (kind === 0xf1) push(BigInt(below(3)), out);
      push(BigInt(below(RANDOM_CONTRACTS) + 0x100), out);
      push(BigInt(below(60_000)), out);
      out.push(kind, 0x50);
    },
    () => out.push(below(256)),
    () => {
      // Far memory: out of gas, unless the size is zero.
      word();
      word();
      out.push(below(2) === 0 ? 0x51 : 0x20);
    },
  ];
  const length = 5 + below(60);
  for (let i = 0; i < length; i++)
    (actions[below(below(6) === 0 ? actions.length : actions.length - 2)] as () => void)();
  small();
  small();
  out.push([0xf3, 0xf3, 0xfd, 0x00][below(4)] as number);
  return Uint8Array.from(out);
}
