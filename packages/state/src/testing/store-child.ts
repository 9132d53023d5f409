// For tests: a process that commits block after block to a store until it is killed. `node store-child.ts <folder> <seed> [keep]`
//
// It prints "begun" once, and "<number> <hash>" for each block whose commit has succeeded.
import { bytesToHex } from "@braid/primitives";
import { LmdbStateStore } from "../lmdb/lmdb-state-store.ts";
import { blockOf, changesOfBlock } from "./long-chain.ts";

const [folder = "", seedText = "0", keepText] = process.argv.slice(2);
const seed = Number(seedText);
const store = await LmdbStateStore.open(folder, keepText === undefined ? {} : { keep: Number(keepText) });
if (store.head === undefined) {
  const { block, records } = blockOf(seed, 0);
  await store.prepare(undefined, changesOfBlock(seed, 0)).commit(block, records);
  process.stdout.write(`0 ${bytesToHex(block.hash)}\n`);
}
process.stdout.write("begun\n");
for (let number = Number(store.head?.number) + 1; ; number++) {
  const { block, records } = blockOf(seed, number);
  const parent = store.head?.hash as Uint8Array;
  await store.prepare(parent, changesOfBlock(seed, number)).commit(block, records);
  process.stdout.write(`${number} ${bytesToHex(block.hash)}\n`);
}
