// Pools, the two routers and flash swaps.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Address, encodeAbiParameters, type Hex, maxUint256, parseEther, zeroAddress } from "viem";
import { withRandom } from "../testing/random.ts";
import { attempt, reverts } from "../testing/reverted.ts";
import { TestChain } from "../testing/test-chain.ts";
import type { TestContract } from "../testing/test-contract.ts";

const chain = await TestChain.create();
const [owner, alice, bob] = [0, 1, 2].map((index) => chain.account(index)) as [Address, Address, Address];
const LATER = 2n ** 40n;
const ETHER = parseEther("1");
const SHARDS = 8n;

interface Market {
  weth: TestContract;
  token: TestContract;
  other: TestContract;
  factory: TestContract;
  router: TestContract;
}

/** Wrapped ether to token at 1 : 2,000, token to other at 1 : 1; for a sharded router in all of its shards. */
async function deployMarket(sharded: boolean): Promise<Market> {
  const weth = await chain.deploy("WrappedEther");
  const token = await chain.deploy("Token", ["Braid Token", "BT"]);
  const other = await chain.deploy("Token", ["Other Token", "OT"]);
  const factory = await chain.deploy(sharded ? "ShardedPoolFactory" : "PoolFactory");
  const router = await chain.deploy(sharded ? "ShardedRouter" : "Router", [factory.address, weth.address]);
  const traders = [owner, alice, bob, ...(sharded ? await oneOfEachShard() : [])];
  for (const plain of [token, other]) await plain.send(owner, "issue", traders, 10_000_000n * ETHER);
  for (const trader of traders) {
    await weth.pay(trader, 1_000n * ETHER, "deposit");
    for (const asset of [weth, token, other]) await asset.send(trader, "approve", router.address, maxUint256);
  }
  const shards = new Set<unknown>();
  for (const trader of traders) {
    const shard = sharded ? await factory.read("shardOf", trader) : 0n;
    if (shards.has(shard)) continue;
    shards.add(shard);
    await addLiquidity({ router }, trader, weth, token, 500n * ETHER, 1_000_000n * ETHER);
    await addLiquidity({ router }, trader, token, other, 1_000_000n * ETHER, 1_000_000n * ETHER);
  }
  return { weth, token, other, factory, router };
}

/** The shard follows from the address. */
async function oneOfEachShard(): Promise<Address[]> {
  const accounts: Address[] = [];
  for (let shard = 0n; shard < SHARDS; shard++)
    accounts.push(...(await chain.newcomers(1, (account) => BigInt(account) % SHARDS === shard)));
  return accounts;
}

function addLiquidity(
  { router }: Pick<Market, "router">,
  from: Address,
  a: TestContract,
  b: TestContract,
  amountA: bigint,
  amountB: bigint,
) {
  return router.send(from, "addLiquidity", a.address, b.address, amountA, amountB, 0n, 0n, from, LATER);
}

async function poolFor(
  market: Market,
  trader: Address,
  a: TestContract,
  b: TestContract,
): Promise<TestContract> {
  const { factory } = market;
  const sharded = factory.abi.some((entry) => entry.type === "function" && entry.name === "shardOf");
  const shard = sharded ? [await factory.read("shardOf", trader)] : [];
  return chain.at("Pool", await factory.read<Address>("poolOf", a.address, b.address, ...shard));
}

/** The reserves of a pool, `first`'s first. */
async function reservesOf(pool: TestContract, first: TestContract): Promise<[bigint, bigint]> {
  const [reserve0, reserve1] = await pool.read<[bigint, bigint, number]>("reserves");
  const token0 = await pool.read<Address>("token0");
  return token0.toLowerCase() === first.address.toLowerCase() ? [reserve0, reserve1] : [reserve1, reserve0];
}

/** What a pool gives for `amountIn`, as its documentation says. */
const output = (amountIn: bigint, reserveIn: bigint, reserveOut: bigint) =>
  (amountIn * 997n * reserveOut) / (reserveIn * 1000n + amountIn * 997n);

for (const sharded of [false, true]) {
  describe(sharded ? "ShardedRouter" : "Router", () => {
    const setUp = chain.fixture(() => deployMarket(sharded));

    it("sells at the constant product less 0.3%", async () => {
      const market = await setUp();
      const { weth, token, router } = market;
      const pool = await poolFor(market, alice, weth, token);
      const [tokens, ether] = await reservesOf(pool, token);
      const amountIn = 1_000n * ETHER;
      const expected = output(amountIn, tokens, ether);
      const path = [token.address, weth.address];
      const swap = (minimum: bigint, deadline: bigint) =>
        router.send(alice, "swapExactIn", amountIn, minimum, path, bob, deadline);
      await reverts(swap(expected + 1n, LATER), "TooLittleOut", expected, expected + 1n);
      await reverts(swap(expected, 1n), "Expired", 1n);
      const before = await weth.read("balanceOf", bob);
      const receipt = await swap(expected, LATER);
      assert.equal((await weth.read("balanceOf", bob)) - before, expected);
      assert.deepEqual(await reservesOf(pool, token), [tokens + amountIn, ether - expected]);
      assert.equal(pool.events(receipt, "Swapped").length, 1);
    });

    it("buys an exact amount through two pools for no more than allowed", async () => {
      const { weth, token, other, router } = await setUp();
      const path = [weth.address, token.address, other.address];
      const wanted = 1_234_567n;
      const [price = 0n] = await router.read<bigint[]>("quoteOut", wanted, path);
      await reverts(router.send(alice, "swapExactOut", wanted, price - 1n, path, bob, LATER), "TooMuchIn");
      const before = await other.read("balanceOf", bob);
      await router.send(alice, "swapExactOut", wanted, price, path, bob, LATER);
      assert.equal((await other.read("balanceOf", bob)) - before, wanted);
      const tooMuch = 2_000_000n * ETHER;
      await reverts(
        router.send(alice, "swapExactOut", tooMuch, maxUint256, path, bob, LATER),
        "NotEnoughLiquidity",
      );
    });

    it("takes ether in and pays ether out", async () => {
      const { weth, token, other, router } = await setUp();
      const before = await other.read("balanceOf", bob);
      const path = [weth.address, token.address, other.address];
      await router.pay(alice, ETHER, "swapExactEtherIn", 1n, path, bob, LATER);
      assert((await other.read("balanceOf", bob)) > before);
      assert.equal(await weth.read("balanceOf", router.address), 0n);

      const etherBefore = await chain.balance(bob);
      const quoted = await router.simulate<bigint[]>(alice, "quote", 10n * ETHER, [
        token.address,
        weth.address,
      ]);
      await router.send(
        alice,
        "swapExactInForEther",
        10n * ETHER,
        0n,
        [token.address, weth.address],
        bob,
        LATER,
      );
      assert.equal((await chain.balance(bob)) - etherBefore, quoted[1]);
    });

    it("refuses paths that lead nowhere, and ether from strangers", async () => {
      const { weth, token, other, router } = await setUp();
      const sell = (path: Address[]) => router.send(alice, "swapExactIn", 1n, 0n, path, alice, LATER);
      await reverts(sell([token.address]), "PathTooShort");
      await reverts(sell([weth.address, other.address]), "NoPool");
      await reverts(
        router.pay(alice, 1n, "swapExactEtherIn", 0n, [token.address, weth.address], bob, LATER),
        "PathWithoutEther",
      );
      await reverts(
        router.send(alice, "swapExactInForEther", 1n, 0n, [weth.address, token.address], bob, LATER),
        "PathWithoutEther",
      );
      await reverts(chain.send({ from: alice, to: router.address, value: 1n }), "EtherNotAccepted");
    });

    it("gives liquidity back in proportion to the shares", async () => {
      const market = await setUp();
      const { weth, token, router } = market;
      const pool = await poolFor(market, alice, weth, token);
      const [ether, tokens] = await reservesOf(pool, weth);
      const held = await pool.read("balanceOf", alice);
      await addLiquidity(market, alice, weth, token, 10n * ETHER, 1_000_000n * ETHER);
      const [etherAfter, tokensAfter] = await reservesOf(pool, weth);
      assert.equal(etherAfter - ether, 10n * ETHER);
      assert.equal(tokensAfter - tokens, (10n * ETHER * tokens) / ether);
      const shares = (await pool.read("balanceOf", alice)) - held;
      await pool.send(alice, "approve", router.address, shares);
      const before = await weth.read("balanceOf", alice);
      await router.send(alice, "removeLiquidity", weth.address, token.address, shares, 1n, 1n, alice, LATER);
      const back = (await weth.read("balanceOf", alice)) - before;
      assert(back <= 10n * ETHER && back > 10n * ETHER - 10n, `${back}`);
      await reverts(
        router.send(
          alice,
          "addLiquidity",
          weth.address,
          token.address,
          ETHER,
          ETHER,
          ETHER,
          ETHER,
          alice,
          LATER,
        ),
        "TooLittleUsed",
      );
    });
  });
}

describe("ShardedPoolFactory", () => {
  it("gives each shard a pool of its own, so that traders of different shards share no reserves", async () => {
    const market = await deployMarket(true);
    const { weth, token, factory, router } = market;
    // Of neighbouring shards, one has liquidity of its own.
    const pools = await Promise.all([alice, bob].map((trader) => poolFor(market, trader, weth, token)));
    const [first, second] = pools as [TestContract, TestContract];
    assert.notEqual(await factory.read("shardOf", alice), await factory.read("shardOf", bob));
    assert.notEqual(first.address, second.address);
    const before = await reservesOf(second, weth);
    await router.send(alice, "swapExactIn", ETHER, 0n, [weth.address, token.address], alice, LATER);
    assert.deepEqual(await reservesOf(second, weth), before);
    await reverts(factory.send(alice, "createPool", weth.address, token.address, 8n), "NoShard", 8n);
    await reverts(factory.send(alice, "createPool", weth.address, weth.address, 0n), "SameToken");
    const shard = await factory.read("shardOf", alice);
    await reverts(factory.send(alice, "createPool", token.address, weth.address, shard), "PoolExists");
  });

  it("has its prices evened out by flash swaps without capital", async () => {
    const market = await deployMarket(true);
    const { weth, token, router } = market;
    const arbitrage = await chain.deploy("FlashArbitrage");
    const poolA = await poolFor(market, alice, weth, token);
    const poolB = await poolFor(market, bob, weth, token);
    const token0 =
      (await poolA.read<Address>("token0")).toLowerCase() === weth.address.toLowerCase() ? weth : token;
    const token1 = token0 === weth ? token : weth;
    // Alice sells token 0 to her pool: it gets cheap there.
    const [depth] = await reservesOf(poolA, token0);
    await router.send(alice, "swapExactIn", depth / 20n, 0n, [token0.address, token1.address], alice, LATER);
    const price = async (pool: TestContract) => {
      const [reserve0, reserve1] = await reservesOf(pool, token0);
      return (reserve1 * 10n ** 6n) / reserve0;
    };
    const gap = (await price(poolB)) - (await price(poolA));
    assert(gap > 0n);
    const before = await token1.read("balanceOf", owner);
    await arbitrage.send(owner, "even", poolA.address, poolB.address, depth / 45n, 1n);
    assert((await token1.read("balanceOf", owner)) > before);
    assert((await price(poolB)) - (await price(poolA)) < gap / 2n);
    await reverts(
      arbitrage.send(owner, "even", poolB.address, poolA.address, depth / 45n, 0n),
      "Unprofitable",
    );
    await reverts(arbitrage.send(owner, "onFlashSwap", arbitrage.address, 1n, 0n, "0x"), "UnexpectedCall");
  });
});

describe("PoolFactory", () => {
  it("creates one pool for each pair, in either order", async () => {
    const { weth, token, other, factory } = await deployMarket(false);
    const create = (a: Address, b: Address) => factory.send(alice, "createPool", a, b);
    await reverts(create(token.address, weth.address), "PoolExists");
    await reverts(create(token.address, token.address), "SameToken");
    await reverts(create(token.address, zeroAddress), "ZeroToken");
    await create(other.address, weth.address);
    assert.equal(await factory.read("poolCount"), 3n);
    assert.equal(
      await factory.read<Address>("poolOf", weth.address, other.address),
      await factory.read<Address>("poolOf", other.address, weth.address),
    );
  });
});

describe("Pool", () => {
  const setUp = chain.fixture(() => deployMarket(false));
  const flash = (token: TestContract, payback: bigint, reenter = false): Hex =>
    encodeAbiParameters(
      [{ type: "address" }, { type: "uint256" }, { type: "bool" }],
      [token.address, payback, reenter],
    );

  it("lends by a flash swap to who pays back with the fee", async () => {
    const market = await setUp();
    const { weth, token } = market;
    const pool = await poolFor(market, alice, weth, token);
    const receiver = await chain.deploy("FlashSwapReceiver");
    await weth.send(alice, "transfer", receiver.address, 100n * ETHER);
    const isFirst = (await pool.read<Address>("token0")).toLowerCase() === weth.address.toLowerCase();
    const borrow = (amount: bigint, data: Hex) =>
      pool.send(alice, "swap", ...(isFirst ? [amount, 0n] : [0n, amount]), receiver.address, data);
    const amount = 10n * ETHER;
    // The fee is 0.3% of what comes in: 1000/997 of what went out.
    const owed = (amount * 1000n) / 997n + 1n;
    await reverts(borrow(amount, flash(weth, owed - 2n)), "ProductDecreased");
    await reverts(borrow(amount, flash(weth, 0n)), "NothingIn");
    await reverts(borrow(amount, flash(weth, owed, true)), "ReentrancyGuardReentrantCall");
    await borrow(amount, flash(weth, owed));
    assert.equal(await receiver.read(isFirst ? "received0" : "received1"), amount);
  });

  it("refuses to pay out more than it has, for nothing, or to its own tokens", async () => {
    const market = await setUp();
    const { weth, token } = market;
    const pool = await poolFor(market, alice, weth, token);
    const [reserve0] = await pool.read<[bigint, bigint, number]>("reserves");
    await reverts(pool.send(alice, "swap", 1n, 0n, alice, "0x"), "NothingIn");
    await reverts(pool.send(alice, "swap", 0n, 0n, alice, "0x"), "NothingOut");
    await reverts(pool.send(alice, "swap", reserve0, 0n, alice, "0x"), "NotEnoughLiquidity");
    await reverts(pool.send(alice, "swap", 1n, 0n, weth.address, "0x"), "InvalidReceiver");
    await reverts(pool.send(alice, "mint", alice), "NothingIn");
    await reverts(pool.send(alice, "burn", alice), "NothingOut");
  });

  it("keeps for itself what is sent without a call, or gives it to who asks first", async () => {
    const market = await setUp();
    const { weth, token } = market;
    const pool = await poolFor(market, alice, weth, token);
    const [ether, tokens] = await reservesOf(pool, weth);
    await weth.send(alice, "transfer", pool.address, 5n);
    const before = await weth.read("balanceOf", bob);
    await pool.send(alice, "skim", bob);
    assert.equal((await weth.read("balanceOf", bob)) - before, 5n);
    await weth.send(alice, "transfer", pool.address, 7n);
    await pool.send(alice, "sync");
    assert.deepEqual(await reservesOf(pool, weth), [ether + 7n, tokens]);
  });

  it("sums up its price over time", async () => {
    const market = await setUp();
    const pool = await poolFor(market, alice, market.weth, market.token);
    const [reserve0, reserve1, since] = await pool.read<[bigint, bigint, number]>("reserves");
    const before = await pool.read("priceSum0");
    await chain.helpers.time.setNextBlockTimestamp(since + 1_000);
    await pool.send(alice, "sync");
    assert.equal((await pool.read("priceSum0")) - before, ((reserve1 << 112n) / reserve0) * 1_000n);
  });

  it("never loses value per share, whatever people do", async () => {
    await withRandom(async (random) => {
      const market = await setUp();
      const { weth, token, router } = market;
      const pool = await poolFor(market, alice, weth, token);
      for (const trader of [alice, bob]) await pool.send(trader, "approve", router.address, maxUint256);
      const done = new Set<string>();
      let before = 0n;
      for (let step = 0; step < 120; step++) {
        const trader = random.pick([alice, bob]);
        const amount = 1n + BigInt(random.below(1_000_000)) * 10n ** BigInt(random.below(13));
        const path = random.pick([
          [weth.address, token.address],
          [token.address, weth.address],
        ]);
        const held = await pool.read("balanceOf", trader);
        const shares = held < amount ? held : amount;
        const [name, call] = random.pick([
          ["add", () => addLiquidity(market, trader, weth, token, amount, amount * 2_000n)],
          [
            "remove",
            () =>
              router.send(
                trader,
                "removeLiquidity",
                weth.address,
                token.address,
                shares,
                0n,
                0n,
                trader,
                LATER,
              ),
          ],
          ["sell", () => router.send(trader, "swapExactIn", amount, 0n, path, trader, LATER)],
          ["buy", () => router.send(trader, "swapExactOut", amount, maxUint256, path, trader, LATER)],
        ] as const);
        if (await attempt(call())) done.add(name);

        const [ether, tokens] = await reservesOf(pool, weth);
        assert.equal(await weth.read("balanceOf", pool.address), ether);
        assert.equal(await token.read("balanceOf", pool.address), tokens);
        // Compared as the square of the value of a share: k / supply^2 never falls.
        const supply = await pool.read("totalSupply");
        const value = (ether * tokens * 10n ** 36n) / supply ** 2n;
        assert(value >= before - 1n, `step ${step}: ${before} -> ${value}`);
        before = value;
      }
      assert.deepEqual([...done].sort(), ["add", "buy", "remove", "sell"]);
    });
  });
});
