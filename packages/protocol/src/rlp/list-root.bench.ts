// How long the root of a list takes, beside @ethereumjs/mpt in the same run: `node packages/protocol/src/rlp/list-root.bench.ts`.
import { createMPT } from "@ethereumjs/mpt";
import { RLP } from "@ethereumjs/rlp";
import { Bench } from "tinybench";
import { orderedTrieRoot } from "./list-root.ts";

const RECEIPTS = 200;

const receipts = Array.from({ length: RECEIPTS }, (_, i) => new Uint8Array(600).fill(i + 1));

const bench = new Bench({ time: 1000 });
bench
  .add(`root of ${RECEIPTS} receipts: orderedTrieRoot`, () => {
    orderedTrieRoot(receipts);
  })
  .add(`root of ${RECEIPTS} receipts: @ethereumjs/mpt`, async () => {
    const trie = await createMPT();
    for (const [i, receipt] of receipts.entries()) await trie.put(RLP.encode(i), receipt);
    trie.root();
  });
await bench.run();
console.table(bench.table());
