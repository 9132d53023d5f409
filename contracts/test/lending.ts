// Lending: the market that accrues in every call and the one that settles at times, under the same tests.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Address, maxUint256 } from "viem";
import { withRandom } from "../testing/random.ts";
import { attempt, reverts } from "../testing/reverted.ts";
import { TestChain } from "../testing/test-chain.ts";

const chain = await TestChain.create();
const [owner, alice, bob, carol, dave] = [0, 1, 2, 3, 4].map((index) => chain.account(index)) as [
  Address,
  Address,
  Address,
  Address,
  Address,
];
const people = [alice, bob, carol, dave];
const ONE = 10n ** 18n;
const YEAR = 365 * 24 * 60 * 60;

for (const name of ["LendingMarket", "ShardedLendingMarket"]) {
  const sharded = name === "ShardedLendingMarket";

  describe(name, () => {
    /** Alice supplies 100,000; a unit of collateral is worth 2,000. */
    const setUp = chain.fixture(async () => {
      const loan = await chain.deploy("Token", ["Braid Dollar", "BD"]);
      const collateral = await chain.deploy("Token", ["Collateral", "C"]);
      const oracle = await chain.deploy("FeedOracle", [100n * BigInt(YEAR), 2_000n * ONE]);
      const market = await chain.deploy(name, [loan.address, collateral.address, oracle.address]);
      for (const token of [loan, collateral]) {
        await token.send(owner, "issue", people, 1_000_000n * ONE);
        for (const person of people) await token.send(person, "approve", market.address, maxUint256);
      }
      await market.send(alice, "supply", 100_000n * ONE);
      /** What brings earnings to the suppliers: in the sharded market a settlement and the hour after it. */
      const earn = async () => {
        if (!sharded) return market.send(owner, "accrue");
        await market.send(owner, "settle");
        await chain.helpers.time.increase(3_600);
        return undefined;
      };
      return { loan, collateral, oracle, market, earn };
    });
    type Setup = Awaited<ReturnType<typeof setUp>>;
    const claim = async ({ market }: Setup, supplier: Address) =>
      market.read("assetsFor", await market.read("sharesOf", supplier));

    it("lends against collateral, up to three quarters of its worth", async () => {
      const { loan, collateral, market } = await setUp();
      await market.send(bob, "addCollateral", 10n * ONE, bob);
      await reverts(market.send(bob, "borrow", 15_000n * ONE + 1n, bob), "NotCovered");
      await reverts(market.send(carol, "borrow", 1n, carol), "NotCovered");
      await market.send(bob, "borrow", 14_000n * ONE, carol);
      assert.equal(await loan.read("balanceOf", carol), 1_014_000n * ONE);
      await reverts(market.send(bob, "removeCollateral", ONE, bob), "NotCovered");
      assert.equal(await attempt(market.send(bob, "removeCollateral", 11n * ONE, bob)), false);
      await market.send(bob, "removeCollateral", ONE / 10n, dave);
      assert.equal(await collateral.read("balanceOf", dave), 1_000_000n * ONE + ONE / 10n);
      await market.send(carol, "repay", 4_000n * ONE, bob);
      await market.send(bob, "repay", maxUint256, bob);
      assert.equal(await market.read("debtOf", bob), 0n);
      assert.equal(await market.read("totalDebt"), 0n);
      await reverts(market.send(bob, "repay", 1n, bob), "NothingToDo");
      await market.send(bob, "removeCollateral", await market.read("collateralOf", bob), bob);
    });

    it("takes interest of borrowers and gives it to suppliers", async () => {
      const set = await setUp();
      const { loan, market, earn } = set;
      await market.send(bob, "addCollateral", 100n * ONE, bob);
      await market.send(bob, "borrow", 80_000n * ONE, bob);
      if (sharded) {
        // The rate follows the use of the market from the next settlement on.
        await chain.helpers.time.increase(600);
        await market.send(owner, "settle");
      }
      await chain.helpers.time.increase(YEAR);
      const debt = await market.read("debtOf", bob);
      // 10% a year where 80% is lent out.
      assert(debt > 87_990n * ONE && debt < 88_010n * ONE, `${debt}`);
      await earn();
      const earned = (await claim(set, alice)) - 100_000n * ONE;
      assert(earned > 7_980n * ONE && earned < 8_010n * ONE, `${earned}`);
      await market.send(bob, "repay", maxUint256, bob);
      const before = await loan.read("balanceOf", alice);
      await market.send(alice, "withdraw", await market.read("sharesOf", alice), alice);
      assert((await loan.read("balanceOf", alice)) - before > 107_980n * ONE);
    });

    it("costs more the more is lent out, and never pays out more than it has", async () => {
      const { market } = await setUp();
      await market.send(bob, "addCollateral", 1_000n * ONE, bob);
      await market.send(bob, "borrow", 99_000n * ONE, bob);
      await reverts(
        market.send(alice, "withdraw", await market.read("sharesOf", alice), alice),
        sharded ? "CustodyShort" : "NotEnoughCash",
      );
      await reverts(
        market.send(bob, "borrow", 1_001n * ONE, bob),
        sharded ? "CustodyShort" : "NotEnoughCash",
      );
      if (sharded) {
        await chain.helpers.time.increase(600);
        await market.send(owner, "settle");
      }
      await chain.helpers.time.increase(YEAR);
      assert((await market.read("debtOf", bob)) > 180_000n * ONE);
    });

    it("lets anybody liquidate who is not covered, half of the debt at a time", async () => {
      const { loan, collateral, oracle, market } = await setUp();
      await market.send(bob, "addCollateral", 10n * ONE, bob);
      await market.send(bob, "borrow", 14_000n * ONE, bob);
      await reverts(market.send(dave, "liquidate", bob, ONE, 0n), "StillCovered", bob);
      await oracle.send(owner, "report", 1_740n * ONE);
      await reverts(market.send(dave, "liquidate", bob, 7_001n * ONE, 0n), "TooMuchRepaid");
      await reverts(market.send(dave, "liquidate", bob, 0n, 0n), "NothingToDo");
      await reverts(market.send(dave, "liquidate", bob, 1_000n * ONE, ONE), "TooLittleSeized");
      const receipt = await market.send(dave, "liquidate", bob, 1_740n * ONE, ONE);
      const [event] = market.events(receipt, "Liquidated");
      assert.equal(event?.["seized"], (108n * ONE) / 100n);
      assert.equal(event?.["badDebt"], 0n);
      assert.equal(await loan.read("balanceOf", dave), 1_000_000n * ONE - 1_740n * ONE);
      assert.equal(await collateral.read("balanceOf", dave), 1_000_000n * ONE + (108n * ONE) / 100n);
      assert.equal(await market.read("collateralOf", bob), (892n * ONE) / 100n);
    });

    it("writes off what the collateral does not cover, at once and for all suppliers alike", async () => {
      const set = await setUp();
      const { oracle, market } = set;
      await market.send(carol, "supply", 100_000n * ONE);
      await market.send(bob, "addCollateral", 10n * ONE, bob);
      await market.send(bob, "borrow", 14_000n * ONE, bob);
      await oracle.send(owner, "report", 540n * ONE);
      const receipt = await market.send(dave, "liquidate", bob, 14_000n * ONE, 0n);
      const [event] = market.events(receipt, "Liquidated");
      assert.equal(event?.["repaid"], 5_000n * ONE);
      assert.equal(event?.["seized"], 10n * ONE);
      const lost = event?.["badDebt"] as bigint;
      assert(lost >= 9_000n * ONE && lost < 9_001n * ONE);
      assert.equal(await market.read("debtOf", bob), 0n);
      for (const supplier of [alice, carol]) {
        const left = await claim(set, supplier);
        assert(left > 95_499n * ONE && left < 95_501n * ONE, `${left}`);
        await market.send(supplier, "withdraw", await market.read("sharesOf", supplier), supplier);
      }
    });

    it("lends for the length of a call to who pays back with the fee (ERC-3156)", async () => {
      const set = await setUp();
      const { loan, collateral, market, earn } = set;
      const borrower = await chain.deploy("FlashBorrower");
      await loan.send(bob, "transfer", borrower.address, 1_000n * ONE);
      const [payBack, payLess, answerWrongly, callAgain] = [0, 1, 2, 3];
      const amount = 100_000n * ONE;
      const borrow = (behaviour: number | undefined, value = amount, token = loan.address) =>
        borrower.send(bob, "borrow", market.address, token, value, behaviour);
      assert.equal(await market.read("maxFlashLoan", loan.address), amount);
      assert.equal(await market.read("maxFlashLoan", collateral.address), 0n);
      await reverts(borrow(payLess), "ERC20InsufficientAllowance");
      await reverts(borrow(answerWrongly), "FlashLoanRefused");
      await reverts(borrow(callAgain), "ReentrancyGuardReentrantCall");
      await reverts(borrow(payBack, amount + 1n), "NotEnoughCash");
      await reverts(borrow(payBack, 1n, collateral.address), "UnknownToken");
      await borrow(payBack);
      assert.equal(await borrower.read("seen"), 101_000n * ONE);
      assert.equal(await loan.read("balanceOf", borrower.address), 910n * ONE);
      if (sharded) await chain.helpers.time.increase(600);
      await earn();
      const claimed = await claim(set, alice);
      assert(claimed > 100_089n * ONE && claimed <= 100_090n * ONE, `${claimed}`);
    });

    it("stays able to pay all suppliers, whatever people, prices and time do", async () => {
      await withRandom(async (random) => {
        const set = await setUp();
        const { loan, oracle, market, earn } = set;
        const done = new Set<string>();
        for (const borrower of [bob, carol]) {
          await market.send(borrower, "addCollateral", 20n * ONE, borrower);
          await market.send(borrower, "borrow", 25_000n * ONE, borrower);
        }
        for (let step = 0; step < 120; step++) {
          const person = random.pick(people);
          const other = random.pick(people);
          const amount = 1n + BigInt(random.below(1_000_000)) * 10n ** BigInt(random.below(17));
          const shares = ((await market.read("sharesOf", person)) * BigInt(random.between(0, 100))) / 100n;
          const collateral = await market.read("collateralOf", person);
          const debt = await market.read("debtOf", other);
          const actions: [name: string, call: () => Promise<unknown>][] = [
            ["supply", () => market.send(person, "supply", amount)],
            ["withdraw", () => market.send(person, "withdraw", shares, person)],
            ["add", () => market.send(person, "addCollateral", BigInt(random.between(1, 50)) * ONE, person)],
            [
              "remove",
              () =>
                market.send(person, "removeCollateral", collateral / BigInt(random.between(1, 4)), person),
            ],
            ["borrow", () => market.send(person, "borrow", amount, person)],
            ["borrow", () => market.send(person, "borrow", amount / 3n + 1n, person)],
            ["repay", () => market.send(person, "repay", random.chance(30) ? maxUint256 : amount, other)],
            ["liquidate", () => market.send(person, "liquidate", other, debt / 2n, 0n)],
            ["liquidate", () => market.send(person, "liquidate", other, debt, 0n)],
            ["price", () => oracle.send(owner, "report", BigInt(random.between(500, 3_000)) * ONE)],
            ["earn", earn],
            ["wait", () => chain.helpers.time.increase(random.between(1, 5_000_000))],
          ];
          const [action, call] = random.pick(actions);
          if (await attempt(call())) done.add(action);
          let claims = 0n;
          let debts = 0n;
          for (const one of people) {
            claims += await claim(set, one);
            debts += await market.read("debtOf", one);
          }
          const cash = await market.read("cash");
          const total = await market.read("totalDebt");
          assert(
            claims <= cash + total,
            `step ${step}, ${action}: ${claims} claimed, ${cash} + ${total} there`,
          );
          // Each debt is rounded up, against its borrower.
          assert(
            debts >= total && debts - total <= 10n,
            `step ${step}, ${action}: ${debts} owed, ${total} counted`,
          );
          assert(sharded || cash <= (await loan.read("balanceOf", market.address)));
        }
        assert(done.size >= 6, `only ${[...done].join(", ")}`);
        for (const one of people) await attempt(market.send(one, "repay", maxUint256, one));
        for (const one of people) {
          const shares = await market.read("sharesOf", one);
          if ((await market.read("assetsFor", shares)) > 0n) await market.send(one, "withdraw", shares, one);
        }
      });
    });
  });
}

describe("ShardedLendingMarket", () => {
  it("settles at most once in ten minutes", async () => {
    const [loan, collateral] = await Promise.all(
      [1, 2].map((index) => chain.deploy("Token", [`T${index}`, "T"])),
    );
    assert(loan !== undefined && collateral !== undefined);
    const oracle = await chain.deploy("FeedOracle", [1_000n, ONE]);
    const market = await chain.deploy("ShardedLendingMarket", [
      loan.address,
      collateral.address,
      oracle.address,
    ]);
    await reverts(market.send(alice, "settle"), "TooEarly");
    await chain.helpers.time.increase(600);
    await market.send(alice, "settle");
    await reverts(market.send(alice, "settle"), "TooEarly");
    await reverts(
      chain.deploy("ShardedLendingMarket", [loan.address, loan.address, oracle.address]),
      "UnknownToken",
    );
  });
});
