// What the hot calls cost, in nanoseconds. Run: node packages/kernel/src/kernel.bench.ts
// Each task makes 1,000 calls, because a single one is shorter than the clock's resolution.

import { Bench } from "tinybench";
import { keccak256 } from "./keccak256.ts";
import { Kernel } from "./kernel.ts";

const CALLS = 1000;
const ACCOUNTS = 1024;
const kernel = Kernel.create({ maxWorkers: 1 });
const { scratch, u8, u64 } = kernel;
kernel.resetBlock(4);

/** Different addresses (or slots) in a row, as a block meets them: 1,024 accounts, ten times as many slots. */
const keys = Array.from({ length: ACCOUNTS }, (_, i) => keccak256(Uint8Array.of(i & 255, i >> 8)));
const addresses = keys.map((key) => key.slice(0, 20));
const key = (list: Uint8Array[], i: number): Uint8Array => list[i & (ACCOUNTS - 1)] ?? new Uint8Array();

const records = addresses.map((address) => {
  u8.set(address, scratch);
  u64.fill(5n, (scratch + 64) >>> 3, (scratch + 128) >>> 3);
  kernel.flatPutAccount(scratch, true, true, 1n, scratch + 64, scratch + 96);
  return kernel.account();
});
const owner = records[0] ?? 0;
const locations = keys.map((slot) => {
  u8.set(slot, scratch);
  const flat = kernel.accountFlat(owner);
  kernel.flatPutSlot(flat, scratch, scratch + 64);
  return kernel.slot(owner);
});
const at = (list: number[], i: number): number => list[i & (ACCOUNTS - 1)] ?? 0;

// Unit 0 has written every other slot; unit 2 has read fifty.
kernel.beginIncarnation();
for (let i = 0; i < ACCOUNTS; i += 2) kernel.writeValue(at(locations, i));
kernel.publishAll(0, 0);
kernel.beginIncarnation();
for (let i = 0; i < 50; i++) kernel.read(at(locations, i), 2);
kernel.publishAll(2, 0);

const bytes32 = keys[1] ?? new Uint8Array();
const bytes500 = new Uint8Array(500).fill(7);

const bench = new Bench({ time: 300, warmupTime: 200 });
const repeat = (name: string, call: (i: number) => void) =>
  bench.add(name, () => {
    for (let i = 0; i < CALLS; i++) call(i);
  });

repeat("peek a location of the parent state", (i) => kernel.peek(at(locations, i | 1), 2));
repeat("peek a location that a unit wrote", (i) => kernel.peek(at(locations, i & ~1), 2));
repeat("read (peek and log)", (i) => {
  if (i % 100 === 0) kernel.beginIncarnation();
  kernel.read(at(locations, i), 2);
});
repeat("write", (i) => {
  if (i % 100 === 0) kernel.beginIncarnation();
  kernel.writeValue(at(locations, i));
});
repeat("account(), address copied to scratch", (i) => {
  u8.set(key(addresses, i), scratch);
  kernel.account();
});
repeat("account(), address already at scratch", () => {
  kernel.account();
});
repeat("slot(), key copied to scratch", (i) => {
  u8.set(key(keys, i), scratch);
  kernel.slot(owner);
});
repeat("validate 50 reads", () => kernel.validate(2));
// Another memory: what is measured above must stay in place.
const other = Kernel.create({ maxWorkers: 1 });
let written: number[] = [];
repeat("begin, log and publish 10 writes", (i) => {
  if (i % 100 === 0) {
    other.resetBlock(4);
    const record = other.account();
    written = Array.from({ length: 10 }, (_, slot) => {
      other.u32[other.scratch >>> 2] = slot;
      return other.slot(record);
    });
  }
  other.beginIncarnation();
  for (const location of written) other.writeValue(location);
  other.publishAll(1, i);
});
repeat("keccak of 32 bytes in the memory", () => kernel.keccak(scratch, 32, scratch + 64));
repeat("keccak of 500 bytes in the memory", () => kernel.keccak(scratch, 500, scratch + 512));
repeat("keccak256(32 bytes)", () => keccak256(bytes32));
repeat("keccak256(500 bytes)", () => keccak256(bytes500));
repeat("bloomAdd of 32 bytes", () => kernel.bloomAdd(scratch + 1024, scratch, 32));
repeat("resetBlock(200)", () => other.resetBlock(200));

await bench.run();
for (const task of bench.tasks) {
  const { result } = task;
  if (!("latency" in result)) throw new Error(`${task.name}: ${result.state}`);
  const ns = (ms: number) => ((ms * 1e6) / CALLS).toFixed(1).padStart(9);
  console.log(`${task.name.padEnd(42)} ${ns(result.latency.p50)} ns   p99 ${ns(result.latency.p99)} ns`);
}
