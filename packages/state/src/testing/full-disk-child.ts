// For tests: a process that commits until its files may not grow any more, and tells what happened. `node full-disk-child.ts <folder>`
//
// Run it under a limit on the size of files (`ulimit -f`).
import { bytesToHex } from "@braid/primitives";
import { LmdbStateStore } from "../lmdb/lmdb-state-store.ts";
import { blockOf, changesOfBlock } from "./long-chain.ts";

const store = await LmdbStateStore.open(process.argv[2] ?? "");
let number = 0;
let error: unknown;
while (error === undefined && number < 2_000) {
  const { block, records } = blockOf(1, number);
  try {
    await store.prepare(store.head?.hash, changesOfBlock(1, number)).commit(block, records);
    number++;
  } catch (reason) {
    error = reason;
  }
}
const head = store.head;
// What was committed is still there, and can still be read.
const stateRoot = head === undefined ? new Uint8Array(0) : store.stateAt(head.hash).stateRoot;
process.stdout.write(
  JSON.stringify({
    committed: number,
    head: Number(head?.number),
    root: bytesToHex(stateRoot),
    message: error instanceof Error ? error.message : undefined,
    code: (error as { code?: string } | undefined)?.code,
  }),
);
await store.flush().catch((reason: unknown) => {
  if ((reason as { code?: string }).code !== "BRAID_STORE_FULL") throw reason;
});
await store.close();
