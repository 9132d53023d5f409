// The aggregators: one trade over pools of both kinds, with books in storage and with sharded ones.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Address, maxUint256 } from "viem";
import { reverts } from "../testing/reverted.ts";
import { TestChain } from "../testing/test-chain.ts";
import type { TestContract } from "../testing/test-contract.ts";

const chain = await TestChain.create();
const [owner, alice, bob] = [0, 1, 2].map((index) => chain.account(index)) as [Address, Address, Address];
const ONE = 10n ** 18n;
const LATER = 2n ** 40n;

for (const name of ["Aggregator", "ShardedAggregator"]) {
  describe(name, () => {
    /** Three tokens at par: constant-product pools of a-b, b-c and a-c, and a concentrated one of a-c. */
    const setUp = chain.fixture(async () => {
      const tokens: TestContract[] = [];
      for (const symbol of ["A", "B", "C"])
        tokens.push(await chain.deploy("Token", [`Token ${symbol}`, symbol]));
      const [a, b, c] = tokens as [TestContract, TestContract, TestContract];
      const weth = await chain.deploy("WrappedEther");
      const factory = await chain.deploy("PoolFactory");
      const router = await chain.deploy("Router", [factory.address, weth.address]);
      const concentrated = await chain.deploy("ConcentratedPoolFactory");
      const concentratedRouter = await chain.deploy("ConcentratedRouter", [concentrated.address]);
      const aggregator = await chain.deploy(name, [factory.address, concentrated.address]);
      for (const token of tokens) {
        await token.send(owner, "issue", [owner, alice], 1_000_000n * ONE);
        await token.send(owner, "approve", router.address, maxUint256);
        await token.send(owner, "approve", concentratedRouter.address, maxUint256);
        await token.send(alice, "approve", aggregator.address, maxUint256);
      }
      const depth = 10_000n * ONE;
      for (const [x, y] of [
        [a, b],
        [b, c],
        [a, c],
      ] as const)
        await router.send(owner, "addLiquidity", x.address, y.address, depth, depth, 0n, 0n, owner, LATER);
      await concentrated.send(owner, "createPool", a.address, c.address, 500, 2n ** 96n);
      const pool = await concentrated.read<Address>("poolOf", a.address, c.address, 500);
      const most = [maxUint256, maxUint256, LATER];
      await concentratedRouter.send(owner, "addLiquidity", pool, -2000, 2000, 100_000n * ONE, ...most);
      const leg = (from: TestContract, to: TestContract, fee: number, part: number) => ({
        tokenIn: from.address,
        tokenOut: to.address,
        fee,
        part,
      });
      const trade = (amountIn: bigint, minimumOut: bigint, deadline = LATER) => ({
        tokenIn: a.address,
        tokenOut: c.address,
        amountIn,
        minimumOut,
        to: bob,
        deadline,
      });
      return { a, b, c, aggregator, leg, trade };
    });

    it("splits a trade over three routes and gives more than any of them alone", async () => {
      const { a, b, c, aggregator, leg, trade } = await setUp();
      const amount = 2_000n * ONE;
      const yields = (legs: unknown[]) => aggregator.simulate(alice, "swap", trade(amount, 0n), legs);
      const routes = [
        [leg(a, c, 0, 10_000)],
        [leg(a, c, 500, 10_000)],
        [leg(a, b, 0, 10_000), leg(b, c, 0, 10_000)],
      ];
      const alone = await Promise.all(routes.map(yields));
      const split = [leg(a, c, 500, 8_000), leg(a, c, 0, 6_000), leg(a, b, 0, 10_000), leg(b, c, 0, 10_000)];
      const together = await yields(split);
      assert(alone.every((amountOut) => amountOut < together));
      const receipt = await aggregator.send(alice, "swap", trade(amount, together), split);
      assert.equal(await c.read("balanceOf", bob), together);
      assert.equal(await a.read("balanceOf", alice), 1_000_000n * ONE - amount);
      const [event] = aggregator.events(receipt, "Traded");
      const fee = event?.["fee"] as bigint;
      assert.equal(fee, ((together + fee) * 5n) / 10_000n);
      assert.equal(await aggregator.read("trades"), 1n);
      assert.equal(await aggregator.read("volumeOf", a.address), amount);
      assert.equal(await aggregator.read("feesOf", c.address), fee);
      await reverts(aggregator.send(alice, "collectFees", c.address, alice), "OwnableUnauthorizedAccount");
      await aggregator.send(owner, "collectFees", c.address, owner);
      assert.equal(await aggregator.read("feesOf", c.address), 0n);
      for (const token of [a, b, c]) assert.equal(await token.read("balanceOf", aggregator.address), 0n);
    });

    it("refuses routes that break off, leave something, or yield too little", async () => {
      const { a, b, c, aggregator, leg, trade } = await setUp();
      const swap = (legs: unknown[], minimumOut = 0n, deadline = LATER) =>
        aggregator.send(alice, "swap", trade(ONE, minimumOut, deadline), legs);
      await reverts(swap([]), "NoLegs");
      await reverts(swap([leg(a, c, 0, 10_000)], ONE), "TooLittleOut");
      await reverts(swap([leg(a, c, 0, 10_000)], 0n, 1n), "Expired");
      await reverts(swap([leg(a, c, 0, 5_000)]), "LeftOver");
      await reverts(swap([leg(a, b, 0, 10_000)]), "LeftOver");
      await reverts(swap([leg(b, c, 0, 10_000)]), "NotHeld");
      await reverts(swap([leg(a, c, 0, 10_001)]), "InvalidPart");
      await reverts(swap([leg(a, c, 0, 0)]), "InvalidPart");
      await reverts(swap([leg(a, c, 3_000, 10_000)]), "NoPool");
      const all = aggregator.send(alice, "swap", trade(900_000n * ONE, 0n), [leg(a, c, 500, 10_000)]);
      await reverts(all, "PartlyFilled");
    });

    it("pays nobody who was not asked", async () => {
      const { aggregator } = await setUp();
      await reverts(aggregator.send(alice, "onSwapDue", 1n, 0n, "0x"), "UnexpectedCall", alice);
      await reverts(aggregator.send(alice, "onLiquidityDue", 1n, 0n, "0x"), "UnexpectedCall", alice);
      await reverts(aggregator.send(alice, "onFlashDue", 1n, 0n, "0x"), "UnexpectedCall", alice);
    });
  });
}
