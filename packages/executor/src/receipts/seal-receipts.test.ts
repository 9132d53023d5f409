// The kernel's receipts, their root and their sums against the protocol's codecs, for every shape of the trie, shared by two instances.
import { Kernel, LEFT_OUT, TX_TYPE } from "@braid/kernel";
import { receiptsRoot, unionBloom } from "@braid/protocol";
import { expect, test } from "vitest";
import { type RawLog, storeOutcome } from "../records/outcome.ts";
import { FinishedUnits } from "../result/finished-units.ts";

const shared = { maxWorkers: 1, blockArenaBytes: 1 << 28, stateArenaBytes: 1 << 20 };
const kernel = Kernel.create(shared);
const worker = Kernel.attach(kernel.shared, 1);

const bytes = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * 7 + seed * 31 + (seed >> 3)) & 255);

/** Receipts of all types and of logs of all sizes; gas from numbers of one byte on. */
function commit(unit: number): void {
  // Of very many only the shape of the trie is of interest.
  const logs = Array.from({ length: unit < 5_000 ? unit % 4 : 0 }, (_, i): RawLog => {
    const topics = Array.from({ length: (unit + i) % 5 }, (_topic, j) => bytes(32, (unit + j) % 300));
    return [bytes(20, unit % 9), topics, bytes((unit * i) % 90, unit)];
  });
  const record = kernel.alloc(8);
  kernel.u32[(record + TX_TYPE) >>> 2] = unit % 5;
  kernel.setTransaction(unit, record);
  const gasUsed = BigInt(unit < 200 ? 3 * unit : unit << 12);
  const outcome = {
    status: (unit & 1) as 0 | 1,
    gasUsed,
    blockGasUsed: gasUsed + 1n,
    blobCount: unit % 3,
    error: unit & 1 ? undefined : "revert",
    output: bytes(unit % 70, unit),
    logs,
    createdAddress: undefined,
  };
  expect(storeOutcome(kernel, unit, outcome, 0)).toBe(true);
}

/** Commits a block and settles as many of its receipts as asked for on another instance. */
function expectSealed(count: number, leftOut: (unit: number) => boolean, settles: boolean): void {
  kernel.resetBlock(count + 2);
  const units = [0];
  for (let unit = 1; unit <= count; unit++) {
    commit(unit);
    if (leftOut(unit)) kernel.setUnitFlags(unit, LEFT_OUT);
    else units.push(unit);
  }
  units.push(count + 1);
  if (settles) {
    // Some are taken by one that dies.
    worker.settleNext();
    worker.settleReceipts();
  }
  const seal = kernel.sealReceipts(true);
  const receipts = new FinishedUnits(kernel, units).receipts();
  expect(seal.count).toBe(units.length - 2);
  expect(receipts.map(({ type }) => type)).toEqual(units.slice(1, -1).map((unit) => unit % 5));
  expect(seal.root, `of ${count}`).toEqual(receiptsRoot(receipts));
  expect(seal.bloom).toEqual(unionBloom(receipts));
  const paid = receipts.at(-1)?.cumulativeGasUsed ?? 0n;
  expect(seal.gasUsed).toBe(paid + BigInt(receipts.length));
  expect(seal.blobs).toBe(units.slice(1, -1).reduce((sum, unit) => sum + (unit % 3), 0));
}

test("of every number of receipts up to 300", () => {
  for (let count = 0; count < 300; count++) expectSealed(count, () => false, count % 2 === 0);
});

test("of many receipts", () => {
  for (const count of [4_095, 4_096, 4_097, 65_537]) expectSealed(count, () => false, true);
});

test("of a block from which candidates were left out", () => {
  for (const count of [1, 130, 260]) {
    expectSealed(count, (unit) => unit % 3 === 1, true);
    expectSealed(count, (unit) => unit < 5, false);
  }
});
