// The chain that ships: its generator still makes the same bytes, and its blocks are what they are said to be.

import { commonOf } from "@braid/executor";
import { bytesToHex } from "@braid/primitives";
import { chainOf } from "@braid/protocol";
import { type Bundle, decodeBundle, encodeBundle, readBundle } from "@braid/replay";
import { type Block, createBlockFromRLP } from "@ethereumjs/block";
import { beforeAll, describe, expect, it } from "vitest";
import { HARDFORK } from "./chain-spec.ts";
import { makeChain, SHIPPED_CHAIN, SHIPPED_CHAIN_FILE } from "./make-chain.ts";

/** Blocks that only deploy the contracts. */
const DEPLOYMENT_BLOCKS = 3;

describe("the shipped chain", () => {
  let bundle: Bundle;
  let blocks: Block[];
  beforeAll(async () => {
    bundle = await readBundle(SHIPPED_CHAIN_FILE);
    const common = commonOf(chainOf(bundle.chain), HARDFORK);
    blocks = bundle.blocks.map((rlp) => createBlockFromRLP(rlp, { common }));
  });

  it("begins with the very blocks that its seed gives", async () => {
    const again = await makeChain({ seed: SHIPPED_CHAIN.seed, blocks: 2 });
    // Through the file format, which sorts accounts.
    expect(decodeBundle(encodeBundle(again)).state).toEqual(bundle.state);
    expect(again.blocks.map(bytesToHex)).toEqual(
      bundle.blocks.slice(0, DEPLOYMENT_BLOCKS + 2).map(bytesToHex),
    );
  });

  it("has at least 20 blocks of 100 to 500 transactions", () => {
    const counts = blocks.slice(DEPLOYMENT_BLOCKS).map(({ transactions }) => transactions.length);
    expect(counts.length).toBeGreaterThanOrEqual(20);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(100);
    expect(Math.max(...counts)).toBeLessThanOrEqual(500);
  });

  it("is a chain: each header names its parent, and its own transactions and withdrawals", async () => {
    for (const [index, block] of blocks.entries()) {
      // Not validateData, which recovers every sender in JavaScript: that takes a millisecond each.
      expect(await block.transactionsTrieIsValid()).toBe(true);
      expect(await block.withdrawalsTrieIsValid()).toBe(true);
      const parentHash = index === 0 ? bundle.blockHashes.get(0n) : blocks[index - 1]?.hash();
      expect(block.header.parentHash).toEqual(parentHash);
    }
  });

  it("has transactions of types 0, 1, 2 and 4, withdrawals and several beneficiaries", () => {
    const types = new Set(blocks.flatMap(({ transactions }) => transactions.map(({ type }) => type)));
    expect([...types].sort()).toEqual([0, 1, 2, 4]);
    expect(blocks.some(({ withdrawals }) => (withdrawals?.length ?? 0) > 0)).toBe(true);
    expect(new Set(blocks.map(({ header }) => header.coinbase.toString())).size).toBeGreaterThanOrEqual(4);
    expect(
      new Set(blocks.map(({ header }) => header.requestsHash && bytesToHex(header.requestsHash))).size,
    ).toBeGreaterThan(1);
  });
});
