// What finding a storage slot costs in the kernel's hash tables, for keys as they come and for keys that somebody chose to collide.
//
//   npx -y pnpm@12 bench:keys [--rounds 50]
import { parseArgs } from "node:util";
import { Kernel } from "@braid/kernel";
import { bigIntToBytes32, Random } from "@braid/primitives";
import { describeEnvironment, formatEnvironment } from "./environment.ts";
import type { KeysMeasurement } from "./measurements.ts";
import { writeResult } from "./results.ts";
import { quantile } from "./statistics.ts";
import { keysTable } from "./tables.ts";

/** As many keys as the table has buckets. */
const BITS = 14;
const KEYS = 1 << BITS;
const { values } = parseArgs({ options: { rounds: { type: "string", default: "50" } } });

const random = new Random(7);
const randomKey = (): bigint => {
  let key = 0n;
  for (let i = 0; i < 16; i++) key = (key << 16n) | BigInt(random.below(1 << 16));
  return key;
};
const base = randomKey();

/** 32 bytes whose 64-bit little-endian words, the hash's view of a key, are those of `value`, lowest first. */
function bytesOf(value: bigint): Uint8Array {
  const words = new BigUint64Array(4);
  for (let i = 0; i < 4; i++) words[i] = BigInt.asUintN(64, value >> BigInt(64 * i));
  return new Uint8Array(words.buffer);
}

/** High bits of a word, and what makes them good in the next one if words are only multiplied and shifted: under every seed. */
function chosen(i: number): Uint8Array {
  const [a, b] = [BigInt(i & 127), BigInt(i >> 7)];
  return bytesOf(base ^ ((a << 57n) | (((b << 57n) | (b << 28n)) << 64n)));
}

const FAMILIES: [string, (i: number) => Uint8Array][] = [
  ["random", () => bytesOf(randomKey())],
  ["counted up", (i) => bigIntToBytes32(BigInt(i))],
  ["chosen to collide", chosen],
];

/** A kernel that holds the keys as the slots of one account. */
function open(make: (i: number) => Uint8Array): { run: () => number } {
  const keys = Array.from({ length: KEYS }, (_, i) => make(i));
  const kernel = Kernel.create({
    maxWorkers: 1,
    blockArenaBytes: 8 << 20,
    stateArenaBytes: 1 << 20,
    bucketBits: BITS,
  });
  const { scratch, u8 } = kernel;
  kernel.resetBlock(1);
  u8.fill(1, scratch, scratch + 20);
  const owner = kernel.account();
  /** Looks every key up once; nanoseconds each. */
  const run = (): number => {
    const start = performance.now();
    for (const key of keys) {
      u8.set(key, scratch);
      kernel.slot(owner);
    }
    return ((performance.now() - start) * 1e6) / KEYS;
  };
  // The first time puts them in.
  run();
  return { run };
}

const environment = describeEnvironment("bench:keys");
const opened = FAMILIES.map(([name, make]) => ({ name, ...open(make), nanoseconds: [] as number[] }));
for (let round = 0; round < Number(values.rounds) + 10; round++)
  for (const { run, nanoseconds } of opened) {
    const time = run();
    if (round >= 10) nanoseconds.push(time);
  }
const measurement: KeysMeasurement = {
  environment,
  keys: KEYS,
  families: opened.map(({ name, nanoseconds }) => ({
    name,
    median: quantile(nanoseconds, 0.5),
    low: Math.min(...nanoseconds),
    high: Math.max(...nanoseconds),
  })),
};
console.log(formatEnvironment(environment));
console.log(keysTable(measurement));
console.log(`written to ${writeResult("keys", measurement)}`);
