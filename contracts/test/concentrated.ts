// Concentrated liquidity: the arithmetic of ticks, positions, fees, swaps across ticks and flash loans.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Address, keccak256, maxUint256, zeroAddress } from "viem";
import { withRandom } from "../testing/random.ts";
import { attempt, reverts } from "../testing/reverted.ts";
import { TestChain } from "../testing/test-chain.ts";
import type { TestContract } from "../testing/test-contract.ts";

const chain = await TestChain.create();
const [owner, alice, bob, carol] = [0, 1, 2, 3].map((index) => chain.account(index)) as [
  Address,
  Address,
  Address,
  Address,
];
const people = [owner, alice, bob, carol];
const ONE = 10n ** 18n;
const Q96 = 2n ** 96n;
const LATER = 2n ** 40n;
const MIN_PRICE = 4295128739n;
const MAX_PRICE = 1461446703485210103287273052203988822378723970342n;
const MOST = 2n ** 128n - 1n;

interface Position {
  liquidity: bigint;
  owed0: bigint;
  owed1: bigint;
}

async function deployMarket() {
  const first = await chain.deploy("Token", ["First", "A"]);
  const second = await chain.deploy("Token", ["Second", "B"]);
  const [token0, token1] = (
    first.address.toLowerCase() < second.address.toLowerCase() ? [first, second] : [second, first]
  ) as [TestContract, TestContract];
  const factory = await chain.deploy("ConcentratedPoolFactory");
  const router = await chain.deploy("ConcentratedRouter", [factory.address]);
  await factory.send(owner, "createPool", first.address, second.address, 3_000, Q96);
  const pool = await chain.at(
    "ConcentratedPool",
    await factory.read<Address>("poolOf", second.address, first.address, 3_000),
  );
  for (const token of [token0, token1]) {
    await token.send(owner, "issue", people, 1_000_000n * ONE);
    for (const person of people) await token.send(person, "approve", router.address, maxUint256);
  }
  const add = (person: Address, lower: number, upper: number, liquidity: bigint) =>
    router.send(person, "addLiquidity", pool.address, lower, upper, liquidity, maxUint256, maxUint256, LATER);
  const sell = (person: Address, token: TestContract, amount: bigint, minimum = 0n) =>
    router.send(person, "swapExactIn", token.address, amount, minimum, [pool.address], person, LATER);
  const leave = async (person: Address, lower: number, upper: number) => {
    const { liquidity } = await pool.read<Position>("position", person, lower, upper);
    await pool.send(person, "burn", lower, upper, liquidity);
    await pool.send(person, "collect", person, lower, upper, MOST, MOST);
  };
  const balances = async (holder: Address) =>
    (await Promise.all([token0, token1].map((token) => token.read("balanceOf", holder)))) as [bigint, bigint];
  return { token0, token1, factory, router, pool, add, sell, leave, balances };
}

type State = [sqrtPrice: bigint, tick: number, liquidity: bigint];

describe("TickMath", () => {
  it("gives the price of a tick to 64 bits, and the tick of a price exactly", async () => {
    await withRandom(async (random) => {
      const probe = await chain.deploy("TickMathProbe");
      assert.equal(await probe.read("sqrtPriceAt", -887272), MIN_PRICE);
      assert.equal(await probe.read("sqrtPriceAt", 887272), MAX_PRICE);
      assert.equal(await probe.read("sqrtPriceAt", 0), Q96);
      const ticks = [
        -887272,
        -887271,
        -1,
        0,
        1,
        2,
        887271,
        ...Array.from({ length: 60 }, () => random.between(-887272, 887271)),
      ];
      for (const tick of ticks) {
        const price = await probe.read("sqrtPriceAt", tick);
        // price^2 / 2^192 = 1.0001^tick; doubles are good for about ten digits here.
        const logarithm = (Math.log(Number(price)) - Math.log(2 ** 96)) * 2;
        assert(
          Math.abs(logarithm - tick * Math.log(1.0001)) < 1e-9 * Math.max(1, Math.abs(tick)),
          `tick ${tick}`,
        );
        assert.equal(await probe.read<number>("tickAt", price), tick);
        if (tick > -887272) assert.equal(await probe.read<number>("tickAt", price - 1n), tick - 1);
        const above = await probe.read("sqrtPriceAt", tick + 1);
        assert.equal(await probe.read<number>("tickAt", price + (above - price) / 2n), tick);
        assert.equal(await probe.read<number>("tickAt", above - 1n), tick);
      }
      await reverts(probe.read("sqrtPriceAt", 887273), "TickOutOfRange");
      await reverts(probe.read("tickAt", MAX_PRICE), "PriceOutOfRange");
      await reverts(probe.read("tickAt", MIN_PRICE - 1n), "PriceOutOfRange");
    });
  });
});

describe("ConcentratedPool", () => {
  const setUp = chain.fixture(deployMarket);

  it("takes both tokens around the price, and one of them beside it", async () => {
    const { pool, add, leave, balances } = await setUp();
    const around = await balances(alice);
    await add(alice, -600, 600, 10n ** 21n);
    const [after0, after1] = await balances(alice);
    assert(around[0] > after0 && around[1] > after1);
    assert.equal((await pool.read<State>("state"))[2], 10n ** 21n);
    const before = await balances(bob);
    await add(bob, 600, 1200, 10n ** 21n);
    await add(bob, -1200, -600, 10n ** 21n);
    const after = await balances(bob);
    // By symmetry the same of each, up to the two roundings up.
    assert((before[0] - after[0]) / 10n === (before[1] - after[1]) / 10n);
    assert.equal((await pool.read<State>("state"))[2], 10n ** 21n);
    await leave(bob, 600, 1200);
    await leave(bob, -1200, -600);
    const back = await balances(bob);
    for (const side of [0, 1] as const) assert(before[side] - back[side] <= 2n && before[side] >= back[side]);
    await leave(alice, -600, 600);
    assert.equal((await pool.read<State>("state"))[2], 0n);
    assert.equal((await pool.read<bigint[]>("ticks", -600))[0], 0n);
    assert.equal(await pool.read("tickBitmap", 0), 0n);
  });

  it("with one position over all prices is a constant-product market", async () => {
    const { token0, sell, add, balances } = await setUp();
    const liquidity = 10n ** 21n;
    await add(alice, -887220, 887220, liquidity);
    const before = await balances(bob);
    const amount = 5n * ONE;
    await sell(bob, token0, amount);
    const after = await balances(bob);
    const charged = (amount * 997n) / 1_000n;
    const expected = (liquidity * charged) / (liquidity + charged);
    const got = after[1] - before[1];
    assert.equal(before[0] - after[0], amount);
    // The reserves of a position that ends somewhere differ from the ideal ones by less than a billionth.
    assert(expected - got < expected / 10n ** 9n + 2n && got <= expected, `${got} for ${expected}`);
  });

  it("crosses ticks, pays fees to those in range only, and to nobody else", async () => {
    const { token0, token1, pool, add, sell, balances } = await setUp();
    await add(alice, -600, 600, 10n ** 21n);
    await add(bob, -1200, -600, 10n ** 21n);
    await add(carol, 600, 1200, 10n ** 21n);
    await sell(owner, token0, 40n * ONE);
    const [, tick, liquidity] = await pool.read<State>("state");
    assert(tick < -600 && tick > -1200, `${tick}`);
    assert.equal(liquidity, 10n ** 21n);
    await sell(owner, token1, 1n * ONE);
    const earned = async (person: Address, lower: number, upper: number) => {
      await pool.send(person, "burn", lower, upper, 0n);
      const { owed0, owed1 } = await pool.read<Position>("position", person, lower, upper);
      return [owed0, owed1];
    };
    const [alice0 = 0n, alice1] = await earned(alice, -600, 600);
    const [bob0 = 0n, bob1 = 0n] = await earned(bob, -1200, -600);
    assert.deepEqual(await earned(carol, 600, 1200), [0n, 0n]);
    assert(alice0 > 0n && bob0 > 0n);
    assert.equal(alice1, 0n);
    const fees = (40n * ONE * 3n) / 1_000n;
    assert(alice0 + bob0 <= fees && fees - alice0 - bob0 < 10n, `${alice0 + bob0} of ${fees}`);
    const fee1 = (ONE * 3n) / 1_000n;
    assert(fee1 - bob1 < 3n && bob1 <= fee1);
    const before = await balances(bob);
    const receipt = await pool.send(bob, "collect", bob, -1200, -600, MOST, 1n);
    assert.deepEqual(await balances(bob), [before[0] + bob0, before[1] + 1n]);
    assert.equal(pool.events(receipt, "Collected").length, 1);
  });

  it("buys exact amounts, and refuses what it cannot give", async () => {
    const { token0, token1, pool, router, add, sell, balances } = await setUp();
    await add(alice, -600, 600, 10n ** 21n);
    const before = await balances(bob);
    const buy = (amount: bigint, most: bigint) =>
      router.send(bob, "swapExactOut", pool.address, token0.address, amount, most, bob, LATER);
    await reverts(buy(ONE, ONE), "TooMuchIn");
    await buy(ONE, 2n * ONE);
    const after = await balances(bob);
    assert.equal(after[1] - before[1], ONE);
    assert(before[0] - after[0] > ONE);
    await reverts(buy(1_000n * ONE, maxUint256), "TooLittleOut");
    await reverts(sell(bob, token0, 1_000n * ONE), "TooLittleOut");
    await reverts(sell(bob, token1, ONE, 2n * ONE), "TooLittleOut");
    await reverts(
      router.send(bob, "swapExactIn", token0.address, 1n, 0n, [router.address], bob, LATER),
      "NotAPool",
    );
    await reverts(router.send(bob, "swapExactIn", token0.address, 1n, 0n, [], bob, LATER), "EmptyPath");
    await reverts(router.send(bob, "swapExactIn", bob, 1n, 0n, [pool.address], bob, LATER), "PathBroken");
    await reverts(
      router.send(bob, "swapExactIn", token0.address, 1n, 0n, [pool.address], bob, 1n),
      "Expired",
    );
    await reverts(router.send(bob, "onSwapDue", 1n, 0n, keccak256("0x")), "NotAPool");
  });

  it("goes through several pools", async () => {
    const { token0, token1, factory, router, pool, add, balances } = await setUp();
    const third = await chain.deploy("Token", ["Third", "C"]);
    await third.send(owner, "issue", [alice, bob], 1_000n * ONE);
    await third.send(alice, "approve", router.address, maxUint256);
    await factory.send(owner, "createPool", token1.address, third.address, 500, Q96);
    const other = await factory.read<Address>("poolOf", token1.address, third.address, 500);
    await add(alice, -600, 600, 10n ** 21n);
    await router.send(alice, "addLiquidity", other, -600, 600, 10n ** 21n, maxUint256, maxUint256, LATER);
    const before = await balances(bob);
    await router.send(bob, "swapExactIn", token0.address, ONE, 1n, [pool.address, other], bob, LATER);
    assert.deepEqual(await balances(bob), [before[0] - ONE, before[1]]);
    const got = (await third.read("balanceOf", bob)) - 1_000n * ONE;
    assert(got > (ONE * 99n) / 100n && got < ONE, `${got}`);
    assert.deepEqual(await balances(router.address), [0n, 0n]);
  });

  it("insists on being paid, in swaps, liquidity and flash loans, and on being called once at a time", async () => {
    const { token0, token1, pool, add, balances } = await setUp();
    await add(alice, -600, 600, 10n ** 21n);
    const payer = await chain.deploy("ConcentratedPayer", [pool.address]);
    for (const token of [token0, token1]) await token.send(bob, "transfer", payer.address, 1_000n * ONE);
    await payer.send(bob, "configure", 1n, false);
    await reverts(payer.send(bob, "swap", true, ONE, MIN_PRICE + 1n), "NotPaid");
    await reverts(payer.send(bob, "mint", -60, 60, ONE), "NotPaid");
    await reverts(payer.send(bob, "flash", ONE, 0n), "NotPaid");
    await payer.send(bob, "configure", 0n, true);
    await reverts(payer.send(bob, "swap", true, ONE, MIN_PRICE + 1n), "ReentrancyGuardReentrantCall");
    await payer.send(bob, "configure", 0n, false);
    const before = await balances(payer.address);
    await payer.send(bob, "flash", ONE, 2n * ONE);
    const after = await balances(payer.address);
    assert.deepEqual(
      [before[0] - after[0], before[1] - after[1]],
      [(ONE * 3n) / 1_000n, (2n * ONE * 3n) / 1_000n],
    );
    await payer.send(bob, "swap", true, ONE, Q96 - 10n ** 20n);
    assert.equal((await pool.read<State>("state"))[0], Q96 - 10n ** 20n);
    await reverts(payer.send(bob, "swap", true, ONE, Q96), "InvalidLimit");
    await reverts(payer.send(bob, "swap", false, 0n, MAX_PRICE - 1n), "NothingToSwap");
  });

  it("refuses positions that cannot be", async () => {
    const { pool, add } = await setUp();
    await reverts(add(alice, 60, 60, 1n), "InvalidRange");
    await reverts(add(alice, -61, 60, 1n), "TickMisplaced");
    await reverts(add(alice, -60, 60, 0n), "NoLiquidity");
    await reverts(add(alice, -887280, 60, 1n), "TickOutOfRange");
    await reverts(add(alice, -60, 60, 2n ** 127n - 1n), "TooMuchLiquidity");
    await reverts(pool.send(alice, "burn", -60, 60, 0n), "NoLiquidity");
    assert.equal(await attempt(pool.send(alice, "burn", -60, 60, 1n)), false);
  });

  it("can always pay everybody out, and gains from rounding only", async () => {
    await withRandom(async (random) => {
      const { token0, token1, pool, add, sell, leave, router, balances } = await setUp();
      const positions = new Map<string, [Address, number, number]>();
      const done = new Set<string>();
      for (let step = 0; step < 100; step++) {
        const person = random.pick(people);
        const amount = 1n + BigInt(random.below(1_000_000)) * 10n ** BigInt(random.below(15));
        const lower = random.between(-20, 18) * 60;
        const upper = lower + random.between(1, 12) * 60;
        const [held] = [...positions.values()].filter(() => random.chance(30));
        const [action, call] = random.pick([
          ["add", () => add(person, lower, upper, amount)],
          ["sell0", () => sell(person, token0, amount)],
          ["sell1", () => sell(person, token1, amount)],
          [
            "buy0",
            () =>
              router.send(
                person,
                "swapExactOut",
                pool.address,
                token1.address,
                amount,
                maxUint256,
                person,
                LATER,
              ),
          ],
          ["leave", async () => (held === undefined ? Promise.resolve() : leave(...held))],
        ] as const);
        if (!(await attempt(call()))) continue;
        done.add(action);
        if (action === "add") positions.set(`${person}/${lower}/${upper}`, [person, lower, upper]);
        const [price, tick] = await pool.read<State>("state");
        assert(price >= MIN_PRICE && price < MAX_PRICE);
        let inForce = 0n;
        for (const [who, from, to] of positions.values()) {
          const { liquidity } = await pool.read<Position>("position", who, from, to);
          if (from <= tick && tick < to) inForce += liquidity;
        }
        assert.equal((await pool.read<State>("state"))[2], inForce, `step ${step}: ${action}`);
      }
      assert.equal(done.size, 5, [...done].join(", "));
      for (const [person, lower, upper] of positions.values()) {
        const { liquidity } = await pool.read<Position>("position", person, lower, upper);
        if (liquidity > 0n) await leave(person, lower, upper);
      }
      const [rest0, rest1] = await balances(pool.address);
      assert(rest0 < 10_000n && rest1 < 10_000n, `${rest0}, ${rest1} left`);
    });
  });
});

describe("ConcentratedPoolFactory", () => {
  it("creates one pool for each pair and fee", async () => {
    const { token0, token1, factory } = await deployMarket();
    const create = (a: Address, b: Address, fee: number) => factory.send(alice, "createPool", a, b, fee, Q96);
    await reverts(create(token0.address, token1.address, 3_000), "PoolExists");
    await reverts(create(token0.address, token1.address, 1), "UnknownFee");
    await reverts(create(token0.address, token0.address, 500), "InvalidPair");
    await reverts(create(token0.address, zeroAddress, 500), "InvalidPair");
    await create(token1.address, token0.address, 500);
    const pool = await factory.read<Address>("poolOf", token0.address, token1.address, 500);
    assert.equal(await factory.read<boolean>("isPool", pool), true);
    assert.equal(await (await chain.at("ConcentratedPool", pool)).read<number>("tickSpacing"), 10);
  });
});
