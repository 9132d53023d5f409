// The margin vaults, futures with one desk and with several, options with one pot and with one for each writer.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Address, maxUint256 } from "viem";
import { withRandom } from "../testing/random.ts";
import { attempt, reverts } from "../testing/reverted.ts";
import { TestChain } from "../testing/test-chain.ts";

const chain = await TestChain.create();
const [owner, alice, bob, carol] = [0, 1, 2, 3].map((index) => chain.account(index)) as [
  Address,
  Address,
  Address,
  Address,
];
const traders = [alice, bob, carol];
const ONE = 10n ** 18n;
const DAY = 24 * 60 * 60;

async function deployVault(name: string) {
  const token = await chain.deploy("Token", ["Braid Dollar", "BD"]);
  const vault = await chain.deploy(name, [token.address]);
  const oracle = await chain.deploy("FeedOracle", [100_000n * BigInt(DAY), 2_000n * ONE]);
  await token.send(owner, "issue", [owner, ...traders], 10_000_000n * ONE);
  for (const account of [owner, ...traders]) await token.send(account, "approve", vault.address, maxUint256);
  return { token, vault, oracle };
}

for (const name of ["MarginVault", "ShardedMarginVault"]) {
  describe(name, () => {
    it("takes in and pays out what is not needed, and obeys its products alone", async () => {
      const { token, vault } = await deployVault(name);
      await vault.send(alice, "deposit", 100n, bob);
      assert.equal(await vault.read("freeOf", bob), 100n);
      await reverts(vault.send(bob, "withdraw", 101n, bob), "NotFree", bob, 100n, 101n);
      await vault.send(bob, "withdraw", 40n, carol);
      assert.equal(await token.read("balanceOf", carol), 10_000_000n * ONE + 40n);
      for (const action of ["settle", "spend"])
        await reverts(vault.send(alice, action, bob, alice, 1n), "AccessControlUnauthorizedAccount");
      await reverts(vault.send(alice, "addProduct", alice, true), "AccessControlUnauthorizedAccount");
      await vault.send(owner, "addProduct", owner, false);
      await vault.send(owner, "settle", bob, alice, 60n);
      await reverts(vault.send(owner, "settle", bob, alice, 1n), "InsufficientMargin", bob, 0n, 1n);
    });
  });
}

for (const name of ["Futures", "ShardedFutures"]) {
  describe(name, () => {
    const setUp = chain.fixture(async () => {
      const { token, vault, oracle } = await deployVault(
        name === "Futures" ? "MarginVault" : "ShardedMarginVault",
      );
      const futures = await chain.deploy(name, [vault.address, oracle.address]);
      await vault.send(owner, "addProduct", futures.address, true);
      await vault.send(owner, "deposit", 9_000_000n * ONE, owner);
      for (const trader of traders) await vault.send(trader, "deposit", 100_000n * ONE, trader);
      const desks = name === "Futures" ? 1n : await futures.read("DESKS");
      for (let desk = 0n; desk < desks; desk++)
        await futures.send(owner, "fundHouse", desk, 1_000_000n * ONE);
      const trade = (trader: Address, size: bigint, limit = size > 0n ? maxUint256 : 0n) =>
        futures.send(trader, "trade", size, limit);
      const margin = (trader: Address) => vault.read("balanceOf", trader);
      const report = (price: bigint) => oracle.send(owner, "report", price);
      const houseAt = async (desk: bigint) =>
        vault.read("balanceOf", await futures.read<Address>("houseOf", desk));
      const house = async (trader: Address) => houseAt(await futures.read("deskOf", trader));
      return { token, vault, oracle, futures, trade, margin, report, house, houseAt, desks };
    });
    /** 0.05% of 10 units at 2,000. */
    const FEE = 10n * ONE;
    const near = (value: bigint, wanted: bigint, by = ONE) =>
      assert(value - wanted < by && wanted - value < by, `${value}, not ${wanted}`);

    it("pays a long what the price rises and takes what it falls", async () => {
      const { futures, trade, margin, report } = await setUp();
      await trade(alice, 10n * ONE);
      assert.equal(await margin(alice), 100_000n * ONE - FEE);
      await report(2_100n * ONE);
      const [result, initial] = await futures.read<bigint[]>("exposure", alice);
      near(result ?? 0n, 1_000n * ONE);
      assert.equal(initial, 2_100n * ONE);
      await trade(alice, -5n * ONE);
      near(await margin(alice), 100_500n * ONE - FEE - FEE / 2n);
      await report(1_900n * ONE);
      await trade(alice, -5n * ONE);
      near(await margin(alice), 100_000n * ONE - 2n * FEE);
      const [size] = await futures.read<bigint[]>("positions", alice);
      assert.equal(size, 0n);
    });

    it("turns a position over, averages what is added, and knows a limit", async () => {
      const { futures, trade, margin, report } = await setUp();
      await reverts(trade(alice, ONE, 1_999n * ONE), "PriceMoved");
      await reverts(trade(alice, -ONE, 2_001n * ONE), "PriceMoved");
      await reverts(trade(alice, 0n), "NothingToDo");
      await trade(alice, 10n * ONE);
      await report(2_200n * ONE);
      await trade(alice, 10n * ONE);
      const [, entry] = await futures.read<bigint[]>("positions", alice);
      assert.equal(entry, 2_100n * ONE);
      const before = await margin(alice);
      await trade(alice, -30n * ONE);
      near((await margin(alice)) - before, 2_000n * ONE - 33n * ONE);
      const [size, turned] = await futures.read<bigint[]>("positions", alice);
      assert.deepEqual([size, turned], [-10n * ONE, 2_200n * ONE]);
      await report(2_000n * ONE);
      const short = await margin(alice);
      await trade(alice, 10n * ONE);
      near((await margin(alice)) - short, 2_000n * ONE - FEE);
    });

    it("wants a tenth as margin, and lets nobody withdraw it", async () => {
      const { vault, trade } = await setUp();
      await reverts(trade(alice, 500n * ONE), "NotEnoughMargin");
      await trade(alice, 450n * ONE);
      await reverts(vault.send(alice, "withdraw", 20_000n * ONE, alice), "NotFree");
      await vault.send(alice, "withdraw", 9_000n * ONE, alice);
    });

    it("opens no more than the house can pay, and pays no more than it reserved", async () => {
      const { futures, trade, margin, report } = await setUp();
      await trade(alice, 450n * ONE);
      await reverts(trade(alice, 60n * ONE), "HouseFull");
      const desk = await futures.read("deskOf", alice);
      await reverts(futures.send(owner, "defundHouse", desk, 500_000n * ONE, owner), "HouseFull");
      await reverts(futures.send(alice, "defundHouse", desk, 1n, alice), "OwnableUnauthorizedAccount");
      await report(9_000n * ONE);
      const before = await margin(alice);
      const [size = 0n] = await futures.read<bigint[]>("positions", alice);
      await trade(alice, -size);
      // Fourfold in price, and paid as if it had doubled.
      near((await margin(alice)) - before, (size * 2_000n * 9_977n) / 10_000n, 2_000n * ONE);
    });

    it("is closed by anybody when the margin is gone", async () => {
      const { vault, futures, trade, margin, report } = await setUp();
      await trade(alice, 450n * ONE);
      await reverts(futures.send(bob, "liquidate", alice), "StillCovered");
      await report(1_870n * ONE);
      const before = await margin(bob);
      await futures.send(bob, "liquidate", alice);
      near((await margin(bob)) - before, (450n * 1_870n * ONE) / 100n);
      const [size] = await futures.read<bigint[]>("positions", alice);
      assert.equal(size, 0n);
      assert((await margin(alice)) > 0n);
      await reverts(futures.send(bob, "liquidate", alice), "StillCovered");
      // Here the fall is larger than the margin: the house bears the rest.
      await trade(bob, 480n * ONE);
      await report(1_000n * ONE);
      await futures.send(carol, "liquidate", bob);
      assert.equal(await margin(bob), 0n);
      assert.equal((await vault.read<bigint[]>("health", bob))[0], 0n);
    });

    it("moves funding from the larger side to the house and the smaller one", async () => {
      const { trade, margin } = await setUp();
      await trade(alice, 10n * ONE);
      const before = await margin(alice);
      await chain.helpers.time.increase(DAY);
      await trade(alice, -10n * ONE);
      // Alone at its desk, it pays 1% a day of 20,000.
      near(before - (await margin(alice)), 200n * ONE + FEE);
    });

    it("keeps all margin in the vault, and reserves behind every position", async () => {
      await withRandom(async (random) => {
        const { token, vault, futures, trade, report, houseAt, desks } = await setUp();
        const done = new Set<string>();
        for (let step = 0; step < 100; step++) {
          const trader = random.pick(traders);
          const [size = 0n] = await futures.read<bigint[]>("positions", trader);
          const delta = BigInt(random.between(-200, 200)) * (ONE / 3n) + BigInt(random.below(1_000));
          const free = await vault.read("freeOf", trader).catch(() => 0n);
          const actions: [string, () => Promise<unknown>][] = [
            ["trade", () => trade(trader, delta)],
            ["trade", () => trade(trader, delta)],
            ["close", () => trade(trader, -size)],
            ["liquidate", () => futures.send(owner, "liquidate", trader)],
            ["report", () => report(BigInt(random.between(600, 5_000)) * ONE)],
            ["wait", () => chain.helpers.time.increase(random.between(1, 5 * DAY))],
            ["withdraw", () => vault.send(trader, "withdraw", free, trader)],
            ["deposit", () => vault.send(trader, "deposit", BigInt(random.between(1, 50_000)) * ONE, trader)],
          ];
          const [action, call] = random.pick(actions);
          if (await attempt(call())) done.add(action);
          // A position that is open can always be closed.
          let balances = await vault.read("balanceOf", owner);
          for (const one of traders) balances += await vault.read("balanceOf", one);
          for (let desk = 0n; desk < desks; desk++) {
            const held = await houseAt(desk);
            balances += held;
            const [, , reserved = 0n] = await futures.read<bigint[]>("desks", desk);
            assert(reserved <= held, `step ${step}, ${action}: ${reserved} reserved of ${held}`);
          }
          const inCustody =
            name === "Futures"
              ? await token.read("balanceOf", vault.address)
              : await vault.read("custody", token.address);
          assert.equal(inCustody, balances);
        }
        assert(done.size >= 5, [...done].join(", "));
        for (const trader of traders) {
          const [size = 0n] = await futures.read<bigint[]>("positions", trader);
          if (size !== 0n) await trade(trader, -size);
        }
      });
    });
  });
}

for (const name of ["Options", "OptionsPerWriter"]) {
  describe(name, () => {
    const setUp = chain.fixture(async () => {
      const { vault, oracle } = await deployVault("MarginVault");
      const options = await chain.deploy(name, [vault.address, oracle.address]);
      await vault.send(owner, "addProduct", options.address, false);
      for (const trader of traders) await vault.send(trader, "deposit", 100_000n * ONE, trader);
      const expiry = BigInt(await chain.helpers.time.latest()) + 1_000n;
      const put = { strike: 2_000n * ONE, expiry, isCall: false };
      const call = { ...put, isCall: true };
      const margin = (trader: Address) => vault.read("balanceOf", trader);
      const expire = async (price: bigint) => {
        await chain.helpers.time.increaseTo(expiry);
        await oracle.send(owner, "report", price);
      };
      return { vault, oracle, options, put, call, margin, expire };
    });

    it("sells a put for its premium and pays what the price is below the strike", async () => {
      const { options, put, margin, expire } = await setUp();
      await options.send(alice, "offer", put, 50n * ONE, 10n * ONE);
      await reverts(options.send(bob, "buy", put, alice, 4n * ONE, 199n * ONE), "OfferChanged");
      await options.send(bob, "buy", put, alice, 4n * ONE, 200n * ONE);
      assert.equal(await margin(bob), 99_800n * ONE);
      assert.equal(await margin(alice), 100_200n * ONE - 8_000n * ONE);
      const token = await options.read("tokenOf", put, alice);
      assert.equal(await options.read("balanceOf", bob, token), 4n * ONE);
      await options.send(bob, "safeTransferFrom", bob, carol, token, ONE, "0x");
      await reverts(options.send(bob, "settle", put), "NotExpired");
      await reverts(options.send(bob, "exercise", put, alice, ONE), "NotSettled");
      await expire(1_700n * ONE);
      await options.send(carol, "settle", put);
      await reverts(options.send(carol, "settle", put), "NothingToDo");
      await options.send(bob, "exercise", put, alice, 3n * ONE);
      assert.equal(await margin(bob), 100_700n * ONE);
      await options.send(alice, "release", put);
      assert.equal(await margin(alice), 100_200n * ONE - 1_200n * ONE);
      await reverts(options.send(alice, "release", put), "NothingToDo");
      await options.send(carol, "exercise", put, alice, ONE);
      assert.equal(await margin(carol), 100_300n * ONE);
      await reverts(options.send(carol, "exercise", put, alice, 1n), "ERC1155InsufficientBalance");
    });

    it("pays a call what the price is above the strike, at most the strike", async () => {
      const { options, call, margin, expire } = await setUp();
      for (const writer of [alice, carol]) await options.send(writer, "offer", call, 0n, 10n * ONE);
      for (const writer of [alice, carol]) await options.send(bob, "buy", call, writer, ONE, 0n);
      await expire(7_000n * ONE);
      await options.send(bob, "settle", call);
      for (const writer of [alice, carol]) await options.send(bob, "exercise", call, writer, ONE);
      assert.equal(await margin(bob), 104_000n * ONE);
      for (const writer of [alice, carol]) {
        await options.send(writer, "release", call);
        assert.equal(await margin(writer), 98_000n * ONE);
      }
    });

    it("pays nothing when nobody settles it in time, and sells nothing after expiry", async () => {
      const { options, put, margin } = await setUp();
      await options.send(alice, "offer", put, 0n, 10n * ONE);
      await options.send(bob, "buy", put, alice, ONE, 0n);
      await chain.helpers.time.increase(1_000);
      await reverts(options.send(bob, "buy", put, alice, ONE, 0n), "HasExpired");
      await reverts(options.send(alice, "offer", put, 0n, ONE), "HasExpired");
      await chain.helpers.time.increase(DAY + 1);
      await options.send(bob, "settle", put);
      await options.send(alice, "release", put);
      assert.equal(await margin(alice), 100_000n * ONE);
    });

    it("needs the writer to have the strike", async () => {
      const { options, put } = await setUp();
      await options.send(alice, "offer", put, 0n, 100n * ONE);
      await reverts(options.send(bob, "buy", put, alice, 51n * ONE, 0n), "NotFree");
      await reverts(options.send(bob, "buy", put, alice, 101n * ONE, 0n), "OfferChanged");
      await options.send(bob, "buy", put, alice, 50n * ONE, 0n);
    });
  });
}
