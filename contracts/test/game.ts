// The game: heroes, items and fights, with totals in one slot each and in shards.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Address } from "viem";
import { withRandom } from "../testing/random.ts";
import { attempt, reverts } from "../testing/reverted.ts";
import { TestChain } from "../testing/test-chain.ts";

const chain = await TestChain.create();
const [alice, bob, carol] = [1, 2, 3].map((index) => chain.account(index)) as [Address, Address, Address];
const players = [alice, bob, carol];
const [GOLD, SWORD, SHIELD] = [0n, 1n, 2n] as const;

interface Hero {
  strength: number;
  agility: number;
  health: number;
  wins: number;
  losses: number;
}

for (const name of ["Arena", "ShardedArena"]) {
  describe(name, () => {
    const setUp = chain.fixture(async () => {
      const arena = await chain.deploy(name);
      for (const player of players) {
        await arena.send(player, "enlist");
        await arena.send(player, "acceptChallenges", 40n);
      }
      const hero = (player: Address) => arena.read<Hero>("hero", player);
      const balance = (player: Address, item: bigint) => arena.read("balanceOf", player, item);
      return { arena, hero, balance };
    });

    it("gives each player one hero and its first gold", async () => {
      const { arena, hero, balance } = await setUp();
      const { strength, agility, health } = await hero(alice);
      assert.equal(strength + agility, 30);
      assert.equal(health, 100);
      assert.equal(await balance(alice, GOLD), 100n);
      assert.equal(await arena.read("players"), 3n);
      await reverts(arena.send(alice, "enlist"), "AlreadyEnlisted", alice);
      await reverts(hero(chain.account(9)), "NotEnlisted");
    });

    it("turns gold into items, and into nothing else", async () => {
      const { arena, balance } = await setUp();
      await arena.send(alice, "forge", SWORD);
      await arena.send(alice, "forge", SHIELD);
      assert.deepEqual(await Promise.all([GOLD, SWORD, SHIELD].map((item) => balance(alice, item))), [
        0n,
        1n,
        1n,
      ]);
      await reverts(arena.send(alice, "forge", SWORD), "ERC1155InsufficientBalance");
      await reverts(arena.send(alice, "forge", 7n), "NoSuchItem", 7n);
      assert.equal(await arena.read("totalSupply", GOLD), 200n);
      assert.equal(await arena.read("totalSupply", SWORD), 1n);
    });

    it("decides a fight two blocks later and moves the stakes to the winner", async () => {
      const { arena, hero, balance } = await setUp();
      await arena.send(alice, "challenge", bob, 30n);
      assert.equal(await balance(alice, GOLD), 70n);
      await chain.helpers.mine();
      const receipt = await arena.send(carol, "fight", alice);
      const [fought] = arena.events(receipt, "Fought");
      const [winner, loser] = [fought?.["winner"] as Address, fought?.["loser"] as Address];
      assert.equal(await balance(winner, GOLD), 130n);
      assert.equal(await balance(loser, GOLD), 70n);
      const [won, lost] = [await hero(winner), await hero(loser)];
      assert.deepEqual([won.wins, lost.losses], [1, 1]);
      assert(lost.health < won.health && won.health < 100);
      assert.equal(await arena.read("fights"), 1n);
      await reverts(arena.send(carol, "fight", alice), "NoChallenge", alice);
    });

    it("draws nobody into a fight against its will, or twice at a time", async () => {
      const { arena } = await setUp();
      await reverts(arena.send(alice, "challenge", bob, 41n), "StakeTooHigh", 41n, 40n);
      await reverts(arena.send(alice, "challenge", alice, 1n), "NotYourself");
      await reverts(arena.send(alice, "challenge", chain.account(9), 0n), "NotEnlisted");
      await arena.send(alice, "challenge", bob, 1n);
      await reverts(arena.send(alice, "challenge", carol, 1n), "AlreadyFighting", alice);
    });

    it("gives the stake to the opponent when the challenger waits too long", async () => {
      const { arena, balance } = await setUp();
      await arena.send(alice, "challenge", bob, 30n);
      await chain.helpers.mine(300);
      await arena.send(carol, "fight", alice);
      assert.equal(await balance(bob, GOLD), 130n);
      assert.equal(await balance(alice, GOLD), 70n);
    });

    it("heals with time, and lets nobody fight who is too weak", async () => {
      const { arena, hero } = await setUp();
      await withRandom(async (random) => {
        let weak = false;
        for (let round = 0; round < 40 && !weak; round++) {
          const challenger = random.pick(players);
          const opponent = random.pick(players.filter((player) => player !== challenger));
          weak = !(await attempt(arena.send(challenger, "challenge", opponent, 0n)));
          if (weak) break;
          await chain.helpers.mine();
          await arena.send(carol, "fight", challenger);
        }
        assert(weak, "somebody is too weak after forty fights");
        await chain.helpers.mine(500);
        for (const player of players) assert.equal((await hero(player)).health, 100);
      });
    });

    it("counts what there is", async () => {
      await withRandom(async (random) => {
        const { arena, balance } = await setUp();
        for (let step = 0; step < 60; step++) {
          const player = random.pick(players);
          const opponent = random.pick(players);
          await attempt(
            random.pick([
              () => arena.send(player, "challenge", opponent, BigInt(random.between(0, 40))),
              () => arena.send(player, "fight", opponent),
              () => arena.send(player, "forge", random.pick([SWORD, SHIELD])),
              () =>
                arena.send(
                  player,
                  "safeTransferFrom",
                  player,
                  opponent,
                  random.pick([GOLD, SWORD]),
                  1n,
                  "0x",
                ),
              async () => void (await chain.helpers.mine(random.between(1, 60))),
            ])(),
          );
          for (const item of [GOLD, SWORD, SHIELD]) {
            let sum = 0n;
            for (const one of players) sum += await balance(one, item);
            assert.equal(await arena.read("totalSupply", item), sum, `step ${step}`);
          }
        }
      });
    });
  });
}
