// Farms: an index brought up to date in every call, and one that closes by epochs; and a vault that compounds.
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
const users = [alice, bob, carol];
const ONE = 10n ** 18n;
const EPOCH = 10n;
const PER_BLOCK = 6n * ONE;

async function deployFarm(name: string, sameToken = false) {
  const stakeToken = await chain.deploy("Token", ["Staked", "S"]);
  const rewardToken = sameToken ? stakeToken : await chain.deploy("Token", ["Reward", "R"]);
  const epochs = name === "EpochFarm";
  const rate = epochs ? [PER_BLOCK * EPOCH, EPOCH] : [PER_BLOCK];
  const farm = await chain.deploy(name, [stakeToken.address, rewardToken.address, ...rate]);
  await stakeToken.send(owner, "issue", [owner, ...users], 1_000_000n * ONE);
  if (!sameToken) await rewardToken.send(owner, "issue", [owner], 1_000_000n * ONE);
  for (const user of users) await stakeToken.send(user, "approve", farm.address, maxUint256);
  await rewardToken.send(owner, "approve", farm.address, maxUint256);
  /** Until the next epoch has begun, and been opened by somebody's call. */
  const nextEpoch = async () => {
    if (!epochs) return;
    const current = await farm.read("epoch");
    while ((await farm.read("epoch")) === current) await chain.helpers.mine();
    await farm.send(owner, "close", 100n);
  };
  return { stakeToken, rewardToken, farm, nextEpoch };
}

for (const name of ["Farm", "EpochFarm"]) {
  describe(name, () => {
    const setUp = chain.fixture(() => deployFarm(name));

    it("divides the rewards by what is staked and for how long", async () => {
      const { rewardToken, farm, nextEpoch } = await setUp();
      await farm.send(owner, "fund", 100_000n * ONE);
      await nextEpoch();
      await farm.send(alice, "stake", 100n * ONE);
      await farm.send(bob, "stake", 300n * ONE);
      assert.equal(await farm.read("totalStaked"), 400n * ONE);
      await nextEpoch();
      const before = await Promise.all([alice, bob].map((user) => farm.read("earned", user)));
      await chain.helpers.mine(name === "Farm" ? 40 : 0);
      for (let i = 0; i < 4; i++) await nextEpoch();
      const gained = (await Promise.all([alice, bob].map((user) => farm.read("earned", user)))).map(
        (after, index) => after - (before[index] ?? 0n),
      );
      const near = (value: bigint | undefined, wanted: bigint) =>
        assert(value !== undefined && value <= wanted && wanted - value < 1_000n, `${value}, not ${wanted}`);
      near(gained[0], 40n * (PER_BLOCK / 4n));
      near(gained[1], 40n * ((PER_BLOCK * 3n) / 4n));
      const earned = await farm.read("earned", alice);
      await farm.send(alice, "harvest");
      // A block passes with the harvest itself.
      assert((await rewardToken.read("balanceOf", alice)) >= earned);
      await farm.send(alice, "harvest");
      assert.equal(await farm.read("stakedOf", alice), 100n * ONE);
    });

    it("gives stakes back at any time, and no more", async () => {
      const { stakeToken, farm } = await setUp();
      await farm.send(alice, "stake", 10n);
      await reverts(farm.send(alice, "unstake", 11n), "InsufficientStake", alice, 10n, 11n);
      await reverts(farm.send(bob, "unstake", 1n), "InsufficientStake");
      await reverts(farm.send(bob, "stake", 0n), "NothingToDo");
      await reverts(farm.send(bob, "unstake", 0n), "NothingToDo");
      await farm.send(alice, "unstake", 10n);
      assert.equal(await stakeToken.read("balanceOf", alice), 1_000_000n * ONE);
      assert.equal(await farm.read("totalStaked"), 0n);
    });

    it("keeps rewards of times when nobody stakes, and gives no more than it was given", async () => {
      const { farm, nextEpoch } = await setUp();
      await farm.send(owner, "fund", 100n * ONE);
      await chain.helpers.mine(50);
      await nextEpoch();
      assert.equal(await farm.read("rewardsLeft"), 100n * ONE);
      await farm.send(alice, "stake", 1n);
      await chain.helpers.mine(50);
      await nextEpoch();
      await farm.send(alice, "harvest");
      assert.equal(await farm.read("rewardsLeft"), 0n);
    });

    it("owes no more than it has, whatever people do", async () => {
      await withRandom(async (random) => {
        const { stakeToken, rewardToken, farm, nextEpoch } = await setUp();
        let funded = 0n;
        const done = new Set<string>();
        for (let step = 0; step < 120; step++) {
          const user = random.pick(users);
          const amount = 1n + BigInt(random.below(1_000_000)) * 10n ** BigInt(random.below(16));
          const staked = await farm.read("stakedOf", user);
          const actions: [string, () => Promise<unknown>][] = [
            ["stake", () => farm.send(user, "stake", amount)],
            ["unstake", () => farm.send(user, "unstake", (staked * BigInt(random.between(1, 4))) / 4n)],
            ["harvest", () => farm.send(user, "harvest")],
            ["fund", () => farm.send(owner, "fund", amount)],
            ["wait", () => chain.helpers.mine(random.between(1, 25))],
            ["epoch", nextEpoch],
          ];
          const [action, call] = random.pick(actions);
          if (await attempt(call())) {
            done.add(action);
            if (action === "fund") funded += amount;
          }
          let owed = await farm.read("rewardsLeft");
          let stakes = 0n;
          let paid = 0n;
          for (const one of users) {
            owed += await farm.read("earned", one);
            stakes += await farm.read("stakedOf", one);
            paid += await rewardToken.read("balanceOf", one);
          }
          assert(owed + paid <= funded, `step ${step}: ${action}`);
          // By epochs the total is exact once what is over is closed.
          if (name === "Farm" || (await farm.read("closed")) === (await farm.read("epoch")))
            assert.equal(await farm.read("totalStaked"), stakes);
        }
        assert(done.size >= 5, [...done].join(", "));
        for (const user of users) {
          const staked = await farm.read("stakedOf", user);
          if (staked > 0n) await farm.send(user, "unstake", staked);
          await farm.send(user, "harvest");
          assert.equal(await stakeToken.read("balanceOf", user), 1_000_000n * ONE);
        }
      });
    });
  });
}

describe("EpochFarm", () => {
  it("counts a stake from the next epoch on, and none that leaves before the end of one", async () => {
    const { farm, nextEpoch } = await deployFarm("EpochFarm");
    await farm.send(owner, "fund", 100_000n * ONE);
    await nextEpoch();
    await farm.send(alice, "stake", 100n);
    await nextEpoch();
    assert.equal(await farm.read("earned", alice), 0n);
    await farm.send(bob, "stake", 100n);
    await nextEpoch();
    assert.equal(await farm.read("earned", alice), PER_BLOCK * EPOCH);
    assert.equal(await farm.read("earned", bob), 0n);
    await farm.send(bob, "unstake", 100n);
    await nextEpoch();
    assert.equal(await farm.read("earned", alice), 2n * PER_BLOCK * EPOCH);
    assert.equal(await farm.read("earned", bob), 0n);
    assert.equal(await farm.read("countedStake"), 100n);
  });

  it("catches up in steps when nobody acted for long", async () => {
    const { farm } = await deployFarm("EpochFarm");
    await chain.helpers.mine(100);
    await farm.send(alice, "close", 3n);
    assert.equal(await farm.read("closed"), 3n);
    await farm.send(alice, "stake", 1n);
    assert.equal(await farm.read("closed"), await farm.read("epoch"));
  });
});

describe("Compounder", () => {
  it("stakes again what it earns, for all its shareholders", async () => {
    const { stakeToken, farm } = await deployFarm("Farm", true);
    const compounder = await chain.deploy("Compounder", [farm.address]);
    for (const user of users) await stakeToken.send(user, "approve", compounder.address, maxUint256);
    await farm.send(owner, "fund", 100_000n * ONE);
    await compounder.send(alice, "deposit", 1_000n * ONE, alice);
    await compounder.send(bob, "deposit", 1_000n * ONE, bob);
    await chain.helpers.mine(100);
    const staked = await farm.read("stakedOf", compounder.address);
    const before = await stakeToken.read("balanceOf", carol);
    await compounder.send(carol, "compound");
    const bounty = (await stakeToken.read("balanceOf", carol)) - before;
    const added = (await farm.read("stakedOf", compounder.address)) - staked;
    assert(bounty > 3n * ONE && added > 600n * ONE, `${bounty}, ${added}`);
    for (const user of [alice, bob])
      await compounder.send(user, "redeem", await compounder.read("balanceOf", user), user, user);
    const total = (await stakeToken.read("balanceOf", alice)) + (await stakeToken.read("balanceOf", bob));
    const gained = total - 2_000_000n * ONE;
    assert(gained > 600n * ONE && gained < 640n * ONE, `${gained}`);
    // Bob came a block after alice, and left a block after her.
    const difference =
      (await stakeToken.read("balanceOf", alice)) - (await stakeToken.read("balanceOf", bob));
    assert(difference < 10n * ONE && difference > -10n * ONE);
  });

  it("refuses farms of two tokens", async () => {
    const { farm } = await deployFarm("Farm");
    await reverts(chain.deploy("Compounder", [farm.address]), "DifferentTokens");
  });
});
