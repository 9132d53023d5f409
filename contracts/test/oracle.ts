// Prices from reporters and prices from a pool.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Address, type Hex, maxUint256 } from "viem";
import { reverts } from "../testing/reverted.ts";
import { TestChain } from "../testing/test-chain.ts";

const chain = await TestChain.create();
const [owner, alice] = [0, 1].map((index) => chain.account(index)) as [Address, Address];
const ONE = 10n ** 18n;

describe("FeedOracle", () => {
  it("gives what reporters report, while it is fresh", async () => {
    const oracle = await chain.deploy("FeedOracle", [3_600n, 2_000n * ONE]);
    assert.equal(await oracle.read("price"), 2_000n * ONE);
    await reverts(oracle.send(alice, "report", ONE), "AccessControlUnauthorizedAccount");
    await oracle.send(owner, "grantRole", await oracle.read<Hex>("REPORTER_ROLE"), alice);
    await oracle.send(alice, "report", 1_900n * ONE);
    assert.equal(await oracle.read("price"), 1_900n * ONE);
    await reverts(oracle.send(alice, "report", 0n), "ZeroPrice");
    await chain.helpers.time.increase(3_700);
    await reverts(oracle.read("price"), "PriceTooOld");
  });
});

describe("TwapOracle", () => {
  it("gives the pool's average, which one trade hardly moves", async () => {
    const token = await chain.deploy("Token", ["Braid Token", "BT"]);
    const quote = await chain.deploy("Token", ["Quote", "Q"]);
    const weth = await chain.deploy("WrappedEther");
    const factory = await chain.deploy("PoolFactory");
    const router = await chain.deploy("Router", [factory.address, weth.address]);
    for (const one of [token, quote]) {
      await one.send(owner, "issue", [owner], 1_000_000n * ONE);
      await one.send(owner, "approve", router.address, maxUint256);
    }
    const amounts = [1_000n * ONE, 3_000n * ONE, 0n, 0n];
    await router.send(owner, "addLiquidity", token.address, quote.address, ...amounts, owner, maxUint256);
    const pool = await factory.read<Address>("poolOf", token.address, quote.address);
    const oracles = await Promise.all(
      [token, quote].map((base) => chain.deploy("TwapOracle", [pool, base.address, 1_000n])),
    );
    for (const oracle of oracles) {
      await reverts(oracle.read("price"), "NoAverageYet");
      await reverts(oracle.send(alice, "update"), "TooEarly");
    }
    await chain.helpers.time.increase(990);
    const path = [token.address, quote.address];
    await router.send(owner, "swapExactIn", 500n * ONE, 0n, path, owner, maxUint256);
    await chain.helpers.time.increase(10);
    const [price = 0n, inverse = 0n] = await Promise.all(
      oracles.map(async (oracle) => {
        await oracle.send(alice, "update");
        return oracle.read("price");
      }),
    );
    const reserves = await (await chain.at("Pool", pool)).read<[bigint, bigint, number]>("reserves");
    const [low, high] = [...reserves.slice(0, 2)].map(Number).sort((a, b) => a - b) as [number, number];
    assert(high / low < 1.4, "the trade moved the pool a lot");
    assert(price > (29n * ONE) / 10n && price < 3n * ONE, `${price}`);
    assert(inverse > ONE / 3n && inverse < (36n * ONE) / 100n, `${inverse}`);
    await chain.helpers.time.increase(4_001);
    for (const oracle of oracles) await reverts(oracle.read("price"), "PriceTooOld");
  });
});
