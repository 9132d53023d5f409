// The ERC-4626 vaults: the same tests for the one whose price follows from its holdings and for the one whose price follows from time.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Address, maxUint256 } from "viem";
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
const users = [alice, bob, carol];
const ONE = 10n ** 18n;
const RELEASE_TIME = 6 * 60 * 60;

for (const name of ["Vault", "ShardedVault"]) {
  describe(name, () => {
    const setUp = chain.fixture(async () => {
      const token = await chain.deploy("Token", ["Braid Token", "BT"]);
      const vault = await chain.deploy(name, [token.address, "Braid Vault", "VAULT"]);
      await token.send(owner, "issue", [owner, ...users], 1_000_000n * ONE);
      for (const account of [owner, ...users])
        await token.send(account, "approve", vault.address, maxUint256);
      return { token, vault };
    });
    const worth = async (vault: TestContract, user: Address) =>
      vault.read("previewRedeem", await vault.read("balanceOf", user));

    it("gives back what was put in", async () => {
      const { token, vault } = await setUp();
      assert.equal((await vault.read<Address>("asset")).toLowerCase(), token.address.toLowerCase());
      await vault.send(alice, "deposit", 1_000n * ONE, alice);
      await vault.send(bob, "mint", await vault.read("previewDeposit", 500n * ONE), bob);
      assert.equal(await vault.read("totalAssets"), 1_500n * ONE);
      assert.equal(await worth(vault, alice), 1_000n * ONE);
      await vault.send(alice, "withdraw", 400n * ONE, carol, alice);
      await vault.send(alice, "redeem", await vault.read("balanceOf", alice), alice, alice);
      assert.equal(await token.read("balanceOf", alice), 1_000_000n * ONE - 400n * ONE);
      assert.equal(await token.read("balanceOf", carol), 1_000_000n * ONE + 400n * ONE);
      assert.equal(await vault.read("balanceOf", alice), 0n);
      assert.equal(await vault.read("totalSupply"), await vault.read("balanceOf", bob));
    });

    it("lets others withdraw only with an allowance, and nobody more than there is", async () => {
      const { vault } = await setUp();
      await vault.send(alice, "deposit", 1_000n, alice);
      await reverts(vault.send(bob, "redeem", 10n, bob, alice), "ERC20InsufficientAllowance");
      await vault.send(alice, "approve", bob, 10n);
      await vault.send(bob, "redeem", 10n, bob, alice);
      assert.equal(await vault.read("allowance", alice, bob), 0n);
      assert.equal(await attempt(vault.send(alice, "withdraw", 1_001n, alice, alice)), false);
      assert.equal(await attempt(vault.send(alice, "redeem", 10n ** 30n, alice, alice)), false);
    });

    it("releases profit over six hours, to who holds shares then", async () => {
      const { token, vault } = await setUp();
      await vault.send(alice, "deposit", 1_000n * ONE, alice);
      await vault.send(bob, "deposit", 3_000n * ONE, bob);
      await reverts(vault.send(alice, "report", 1n), "AccessControlUnauthorizedAccount");
      await vault.send(owner, "report", 400n * ONE);
      const near = (value: bigint, wanted: bigint) =>
        assert(value <= wanted && value > wanted - ONE / 1_000n, `${value}, not ${wanted}`);
      assert((await worth(vault, alice)) < 1_000n * ONE + ONE / 10n);
      await chain.helpers.time.increase(RELEASE_TIME / 2);
      const half = await worth(vault, alice);
      assert(half > 1_050n * ONE - ONE && half < 1_050n * ONE + ONE, `${half}`);
      await chain.helpers.time.increase(RELEASE_TIME);
      near(await worth(vault, alice), 1_100n * ONE);
      near(await worth(vault, bob), 3_300n * ONE);
      await vault.send(alice, "redeem", await vault.read("balanceOf", alice), alice, alice);
      near(await token.read("balanceOf", alice), 1_000_100n * ONE);
    });

    it("gives nothing to who comes just before a report and leaves just after", async () => {
      const { token, vault } = await setUp();
      await vault.send(alice, "deposit", 1_000n * ONE, alice);
      await vault.send(bob, "deposit", 100_000n * ONE, bob);
      await vault.send(owner, "report", 500n * ONE);
      await vault.send(bob, "redeem", await vault.read("balanceOf", bob), bob, bob);
      // A second passes between two blocks, and a second's profit is bob's.
      assert((await token.read("balanceOf", bob)) - 1_000_000n * ONE < ONE / 10n);
    });

    it("does not let a gift take a later depositor's money", async () => {
      const { token, vault } = await setUp();
      await vault.send(alice, "deposit", 1n, alice);
      await token.send(alice, "transfer", vault.address, 10_000n * ONE);
      await vault.send(bob, "deposit", 5_000n * ONE, bob);
      const lost = 5_000n * ONE - (await worth(vault, bob));
      assert(lost < ONE / 100n, `bob lost ${lost}`);
    });

    it("always holds what its shares are worth, and rounds against who acts", async () => {
      await withRandom(async (random) => {
        const { token, vault } = await setUp();
        const done = new Set<string>();
        let given = 0n;
        for (let step = 0; step < 120; step++) {
          const user = random.pick(users);
          const amount = 1n + BigInt(random.below(1_000_000)) * 10n ** BigInt(random.below(16));
          const held = await vault.read("balanceOf", user);
          const shares = (held * BigInt(random.between(0, 100))) / 100n;
          const wealth = (await token.read("balanceOf", user)) + (await worth(vault, user));
          const [action, call] = random.pick([
            ["deposit", () => vault.send(user, "deposit", amount, user)],
            ["mint", () => vault.send(user, "mint", amount, user)],
            ["redeem", () => vault.send(user, "redeem", shares, user, user)],
            [
              "withdraw",
              async () => vault.send(user, "withdraw", await vault.read("previewRedeem", shares), user, user),
            ],
            ["transfer", () => vault.send(user, "transfer", random.pick(users), shares)],
            ["report", () => vault.send(owner, "report", amount / 10n)],
            ["wait", () => chain.helpers.time.increase(random.between(1, RELEASE_TIME))],
          ] as const);
          if (await attempt(call())) {
            done.add(action);
            if (action === "report") given += amount / 10n;
          }
          // What a deposit or withdrawal itself leaves to its caller; the block's second of profit apart.
          if (
            given === 0n &&
            (action === "deposit" || action === "mint" || action === "redeem" || action === "withdraw")
          )
            assert(
              (await token.read("balanceOf", user)) + (await worth(vault, user)) <= wealth,
              `step ${step}: ${action}`,
            );
          let claims = 0n;
          let supply = 0n;
          for (const other of users) {
            claims += await worth(vault, other);
            supply += await vault.read("balanceOf", other);
          }
          assert.equal(await vault.read("totalSupply"), supply);
          assert(claims <= (await vault.read("totalAssets")), `step ${step}: ${claims} claimed`);
        }
        assert.equal(done.size, 7, [...done].join(", "));
        // In the end everybody can leave, with all the profit but crumbs.
        await chain.helpers.time.increase(RELEASE_TIME);
        for (const user of users)
          await vault.send(user, "redeem", await vault.read("balanceOf", user), user, user);
        let wealth = 0n;
        for (const user of users) wealth += await token.read("balanceOf", user);
        assert(wealth <= 3_000_000n * ONE + given);
      });
    });
  });
}

describe("ShardedVault", () => {
  it("sells at the price to come, so that who comes while profit is released takes none of it", async () => {
    const token = await chain.deploy("Token", ["Braid Token", "BT"]);
    const vault = await chain.deploy("ShardedVault", [token.address, "Braid Vault", "VAULT"]);
    await token.send(owner, "issue", [owner, alice, bob], 1_000n * ONE);
    for (const account of [owner, alice, bob])
      await token.send(account, "approve", vault.address, maxUint256);
    await reverts(vault.send(owner, "report", ONE), "TooFewShares", 0n, 1_000_000n);
    await vault.send(alice, "deposit", 1_000n * ONE, alice);
    await vault.send(owner, "report", 100n * ONE);
    await vault.send(bob, "deposit", 1_000n * ONE, bob);
    await chain.helpers.time.increase(RELEASE_TIME);
    assert((await vault.read("maxWithdraw", bob)) <= 1_000n * ONE);
    assert((await vault.read("maxWithdraw", alice)) > 1_099n * ONE);
    await reverts(vault.send(bob, "deposit", 0n, bob), "NothingFor", 0n);
  });

  it("pays from other holders when its own is short", async () => {
    const token = await chain.deploy("Token", ["Braid Token", "BT"]);
    const vault = await chain.deploy("ShardedVault", [token.address, "Braid Vault", "VAULT"]);
    await token.send(owner, "issue", [alice], 1_000n);
    await token.send(alice, "approve", vault.address, maxUint256);
    await vault.send(alice, "deposit", 1_000n, alice);
    assert.notEqual(await vault.read<Address>("holderOf", alice), await vault.read<Address>("holderOf", bob));
    await vault.send(alice, "transfer", bob, 1_000n);
    await vault.send(bob, "redeem", 1_000n, bob, bob);
    assert.equal(await token.read("balanceOf", bob), 1_000n);
    const holder = await chain.at("Holder", await vault.read<Address>("holderOf", alice));
    await reverts(holder.send(alice, "send", token.address, alice, 0n), "OnlyOwner");
  });
});
