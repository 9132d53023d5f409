// Workloads follow from their options, byte for byte, and the options do what they say.

import { commonOf } from "@braid/executor";
import { bytesToHex } from "@braid/primitives";
import { chainOf } from "@braid/protocol";
import { type Bundle, encodeBundle, readBundle } from "@braid/replay";
import { createBlockFromRLP } from "@ethereumjs/block";
import { describe, expect, it } from "vitest";
import { DEMO_CHAIN, HARDFORK } from "./chain/chain-spec.ts";
import type { MinedBlock } from "./chain/stock-chain.ts";
import { SHIPPED_CHAIN } from "./shipped-chain.ts";
import { makeWorkload, mixOf, WORKLOAD_DEFAULTS, type WorkloadOptions } from "./workload.ts";

const common = commonOf(chainOf(DEMO_CHAIN), HARDFORK);
const SMALL: WorkloadOptions = {
  ...WORKLOAD_DEFAULTS,
  mix: mixOf(["token=3", "counter"]),
  users: 12,
  things: 4,
  blocks: 2,
  transactions: [40, 40],
  reverts: 0,
  outOfGas: 0,
};

const transactionsOf = ({ blocks }: Bundle) =>
  blocks.flatMap((rlp) => createBlockFromRLP(rlp, { common }).transactions);

/** The bundle, and how many of its transactions fail for each reason. */
async function make(
  changes: Partial<WorkloadOptions>,
): Promise<{ bundle: Bundle; errors: Record<string, number> }> {
  const errors: Record<string, number> = {};
  const onBlock = ({ outcomes }: MinedBlock) => {
    for (const { error } of outcomes) if (error !== undefined) errors[error] = (errors[error] ?? 0) + 1;
  };
  return { bundle: await makeWorkload({ ...SMALL, ...changes, onBlock }), errors };
}

describe("makeWorkload", () => {
  it("gives the same bytes for the same seed, and a prefix for fewer blocks", async () => {
    const { bundle } = await make({ blocks: 3 });
    const again = (await make({ blocks: 3 })).bundle;
    expect(bytesToHex(encodeBundle(again))).toBe(bytesToHex(encodeBundle(bundle)));
    const shorter = (await make({ blocks: 1 })).bundle;
    expect(shorter.blocks.map(bytesToHex)).toEqual(bundle.blocks.slice(0, 1).map(bytesToHex));
    const other = (await make({ blocks: 1, seed: "another" })).bundle;
    expect(other.blocks.map(bytesToHex)).not.toEqual(shorter.blocks.map(bytesToHex));
  });

  it("makes transactions fail as often as it is told", async () => {
    const { errors } = await make({ reverts: 30, outOfGas: 30 });
    expect(errors.revert).toBeGreaterThan(5);
    expect(errors["out of gas"]).toBeGreaterThan(5);
    // Allowances may be used up.
    expect(Object.values((await make({})).errors).reduce((sum, count) => sum + count, 0)).toBeLessThan(8);
  });

  it("gives transactions lists of what they touch, and of what they do not", async () => {
    const lists = (bundle: Bundle) =>
      transactionsOf(bundle).map((tx) => ("accessList" in tx ? tx.accessList.length : 0));
    const { bundle } = await make({ accessLists: { right: 100, partlyWrong: 0, useless: 0 } });
    expect(lists(bundle).filter((length) => length > 0).length).toBeGreaterThan(60);
    const touched = new Set(
      transactionsOf(bundle).flatMap((tx) =>
        "accessList" in tx ? tx.accessList.map(([a]) => bytesToHex(a)) : [],
      ),
    );
    const called = new Set(transactionsOf(bundle).map(({ to }) => to?.toString()));
    expect([...touched].some((address) => called.has(address))).toBe(true);
    const useless = (await make({ accessLists: { right: 0, partlyWrong: 0, useless: 100 } })).bundle;
    expect(lists(useless).every((length) => length > 0)).toBe(true);
    expect(lists((await make({})).bundle).every((length) => length === 0)).toBe(true);
  });

  it("turns contention into calls of fewer contracts", async () => {
    const favourite = async (contention: number) => {
      const { bundle } = await make({ mix: mixOf(["counter"]), contention, things: 16 });
      const counts = new Map<string, number>();
      for (const { to } of transactionsOf(bundle)) counts.set(`${to}`, (counts.get(`${to}`) ?? 0) + 1);
      return Math.max(...counts.values());
    };
    expect(await favourite(0)).toBeLessThan(20);
    expect(await favourite(3)).toBeGreaterThan(50);
  });

  it("lets payments go on from one to the next in a block", async () => {
    const { bundle } = await make({ chains: { share: 50, length: 5 } });
    const [rlp] = bundle.blocks;
    const { transactions } = createBlockFromRLP(rlp ?? new Uint8Array(0), { common });
    const receivers = new Set(transactions.map(({ to }) => `${to}`));
    const passedOn = transactions.filter(
      (tx) => receivers.has(`${tx.getSenderAddress()}`) && tx.nonce === 0n,
    );
    expect(passedOn.length).toBeGreaterThan(8);
  });
});

it("names of families that there are not are refused", () => {
  for (const name of ["nothing", "ether-parallel", "amm=0", "amm=x"])
    expect(() => mixOf([name])).toThrow(RangeError);
});

it("the shipped chain is what its options say", async () => {
  const file = new URL("../../cli/data/defi-chain.braid", import.meta.url);
  const bundle = await readBundle(file.pathname);
  const blocks = bundle.blocks.map((rlp) => createBlockFromRLP(rlp, { common }));
  const { transactions: size, blocks: count, gasLimit } = SHIPPED_CHAIN;
  expect(blocks).toHaveLength(count);
  for (const [index, block] of blocks.entries()) {
    // Not validateData, which recovers every sender in JavaScript: that takes a millisecond each.
    expect(await block.transactionsTrieIsValid()).toBe(true);
    expect(await block.withdrawalsTrieIsValid()).toBe(true);
    const parentHash =
      index === 0 ? bundle.blockHashes.get(block.header.number - 1n) : blocks[index - 1]?.hash();
    expect(block.header.parentHash).toEqual(parentHash);
    expect(block.header.gasLimit).toBe(gasLimit);
    expect(block.transactions.length).toBeGreaterThanOrEqual(size[0]);
    expect(block.transactions.length).toBeLessThanOrEqual(size[1]);
  }
  const types = new Set(blocks.flatMap(({ transactions }) => transactions.map(({ type }) => type)));
  expect([...types].sort()).toEqual([0, 1, 2, 4]);
  expect(blocks.some(({ withdrawals }) => (withdrawals?.length ?? 0) > 0)).toBe(true);
  expect(new Set(blocks.map(({ header }) => header.coinbase.toString())).size).toBeGreaterThanOrEqual(3);
  expect(
    new Set(blocks.map(({ header }) => header.requestsHash && bytesToHex(header.requestsHash))).size,
  ).toBeGreaterThan(1);
  const names = new Set(SHIPPED_CHAIN.mix.map(({ family, variant }) => `${family.name}/${variant}`));
  expect(names.size).toBe(43);
});
