// What it costs to have a transaction: decoding it and checking it, making its record, reading the record.
// Run: node packages/executor/src/records/transaction-record.bench.ts. Each task takes 1,000 transactions, as many as a block has.

import { Kernel } from "@braid/kernel";
import { decodeTransaction, intrinsicGas, validateTransaction } from "@braid/protocol";
import { keyed } from "@braid/testing/accounts";
import { BlockBuilder } from "@braid/testing/block-builder";
import { signTransaction, type UnsignedTransaction } from "@braid/testing/sign";
import { Bench } from "tinybench";
import { prepareBlock } from "../block/prepare-block.ts";
import { beginLayOut, layOutTransaction, putEncodings } from "./lay-out-transaction.ts";
import { readTransaction } from "./transaction-record.ts";

const COUNT = 1_000;
const { input, chain } = await new BlockBuilder("prague").build();
const { context } = prepareBlock(input, chain);
const fields: UnsignedTransaction = {
  type: 2,
  chainId: 1n,
  nonce: 4n,
  gasLimit: 60_000n,
  maxFeePerGas: 30_000_000_000n,
  maxPriorityFeePerGas: 1_000_000_000n,
  to: keyed(2).address,
  value: 10n ** 18n,
  data: new Uint8Array(0),
  accessList: [],
  maxFeePerBlobGas: 0n,
  blobVersionedHashes: [],
  authorizations: [],
};
const slots = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte));
const KINDS: Record<string, UnsignedTransaction> = {
  "a transfer": fields,
  "an ERC-20 transfer": { ...fields, value: 0n, data: new Uint8Array(68).fill(1) },
  "an access list of 2 x 3": {
    ...fields,
    accessList: [
      [keyed(3).address, slots],
      [keyed(4).address, slots],
    ],
  },
};

const kernel = Kernel.create({ maxWorkers: 1 });
const bench = new Bench({ time: 1_000, warmupTime: 300 });
/** Keeps what is made from being optimised away. */
let latest: unknown;

for (const [name, unsigned] of Object.entries(KINDS)) {
  const sender = keyed(1).address;
  const raw = signTransaction(unsigned, keyed(1));
  const block = Array.from({ length: COUNT }, () => raw);
  const reset = (): void => {
    kernel.resetBlock(COUNT + 2);
    putEncodings(kernel, block);
    beginLayOut(kernel, context);
    // Recovery would take ten times as long as all the rest.
    for (let unit = 1; unit <= COUNT; unit++) kernel.setSender(unit, sender);
  };
  const layOut = (): void => {
    for (let unit = 1; unit <= COUNT; unit++) layOutTransaction(kernel, unit, context);
  };
  bench.add(`decode and check ${name}`, () => {
    for (const encoding of block) {
      const tx = decodeTransaction(encoding);
      validateTransaction(tx, intrinsicGas(tx, context.rules), context.rules, context);
      latest = tx;
    }
  });
  bench.add(`lay out ${name}`, layOut, { beforeEach: reset });
  bench.add(
    `read the record of ${name}`,
    () => {
      for (let unit = 1; unit <= COUNT; unit++) latest = readTransaction(kernel, kernel.transactionPtr(unit));
    },
    {
      beforeAll: () => {
        reset();
        layOut();
      },
    },
  );
}

await bench.run();
for (const { name, result } of bench.tasks) {
  if (result.state !== "completed") throw new Error(`${name}: ${result.state}`);
  const microseconds = (result.latency.p50 * 1_000) / COUNT;
  process.stdout.write(`${name.padEnd(45)} ${microseconds.toFixed(2).padStart(7)} us\n`);
}
if (latest === undefined) throw new Error("nothing was read");
