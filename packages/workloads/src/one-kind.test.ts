// The benchmark blocks: every transaction succeeds, and a block of them is a valid bundle.
import { decodeBundle, encodeBundle } from "@braid/replay";
import { beforeAll, describe, expect, it } from "vitest";
import { StockChain } from "./chain/stock-chain.ts";
import { reservesOf } from "./contracts/storage.ts";
import {
  callsOf,
  dependentSwaps,
  etherTransfers,
  freshTokenTransfers,
  type PreparedState,
  prepareState,
  sealBlocks,
  swaps,
  tokenTransfers,
} from "./one-kind.ts";

const COINBASE = new Uint8Array(20).fill(1);

describe("blocks of one kind", () => {
  let workload: PreparedState;
  beforeAll(async () => {
    workload = await prepareState({ senders: 12, pools: 3 });
  });

  it.each([
    ["ether transfers", (count: number) => etherTransfers(workload, count)],
    ["token transfers", (count: number) => tokenTransfers(workload, count)],
    ["token transfers to new holders", (count: number) => freshTokenTransfers(workload, count)],
    ["calls", (count: number) => callsOf(workload, count, workload.market.weth.address, 60_000n)],
    ["swaps", (count: number) => swaps(workload, count, 3)],
    ["dependent swaps", (count: number) => dependentSwaps(workload, count)],
  ])("%s all succeed, also with several of one sender", async (_, build) => {
    const chain = await StockChain.create(workload.genesis);
    const { outcomes } = await chain.mine(build(20), { coinbase: COINBASE });
    expect(outcomes.map(({ error }) => error)).toEqual(Array(20).fill(undefined));
  });

  it("spreads swaps over the pools that it is told to use", async () => {
    const chain = await StockChain.create(workload.genesis);
    const reserves = () =>
      Promise.all(workload.market.pools.map(({ address }) => reservesOf(chain, address)));
    const before = await reserves();
    await chain.mine(swaps(workload, 4, 2), { coinbase: COINBASE });
    const after = await reserves();
    expect(after.map((pool, index) => pool[0] !== before[index]?.[0])).toEqual([true, true, false]);
  });

  it("builds the same transactions again, because it leaves the senders' nonces alone", () => {
    expect(tokenTransfers(workload, 3)).toEqual(tokenTransfers(workload, 3));
  });

  it("seals several blocks into a bundle", async () => {
    const senders = workload.senders.length;
    const first = etherTransfers(workload, senders);
    const second = etherTransfers(workload, 2 * senders).slice(senders);
    const bundle = decodeBundle(encodeBundle(await sealBlocks(workload, [first, second], "test")));
    expect(bundle.blocks).toHaveLength(2);
    expect(bundle.state.kind).toBe("complete");
  });
});
