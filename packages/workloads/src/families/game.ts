// The game of heroes, items and fights.
import type { SigningAccount } from "../chain/accounts.ts";
import { BOTH, type Family } from "./family.ts";

const STAKE = 40n;
const [GOLD, SWORD, SHIELD] = [0n, 1n, 2n] as const;
/** A fight is decided by the hash of the block after the challenge. */
const BLOCKS_TO_FIGHT = 2n;

export const GAME_FAMILY: Family = {
  name: "game",
  description:
    "heroes challenge one another and fight two blocks later; gold is forged into items and given away",
  variants: BOTH,
  async setUp(world, variant) {
    const arenas = world
      .each(() => world.create(variant === "parallel" ? "ShardedArena" : "Arena"))
      .slice(0, 4);
    for (const arena of arenas)
      for (const from of world.users) {
        world.send(arena.call("enlist"), { from });
        world.send(arena.call("acceptChallenges", STAKE), { from });
      }
    await world.settle();
    const challenged: { arena: (typeof arenas)[number]; challenger: SigningAccount; fightAt: bigint }[] = [];
    return [
      {
        name: "challenge",
        weight: 8,
        run(traffic, challenger) {
          const arena = traffic.popular(arenas);
          if (challenged.some((one) => one.challenger === challenger && one.arena === arena)) return;
          const stake = traffic.takesFailure() ? STAKE + 1n : BigInt(traffic.random.below(3));
          traffic.send(challenger, arena.call("challenge", traffic.peerOf(challenger).address, stake));
          const fightAt = traffic.chain.head.number + 1n + BLOCKS_TO_FIGHT;
          if (stake <= STAKE) challenged.push({ arena, challenger, fightAt });
        },
      },
      {
        name: "fight",
        weight: 8,
        run(traffic, sender) {
          const next = challenged[0];
          if (next === undefined || next.fightAt > traffic.chain.head.number + 1n) return;
          challenged.shift();
          traffic.send(sender, next.arena.call("fight", next.challenger.address));
        },
      },
      {
        name: "forge",
        weight: 3,
        run(traffic, sender) {
          traffic.send(sender, traffic.popular(arenas).call("forge", traffic.random.pick([SWORD, SHIELD])));
        },
      },
      {
        name: "give gold",
        weight: 5,
        run(traffic, sender) {
          const to = traffic.peerOf(sender).address;
          const arena = traffic.popular(arenas);
          traffic.send(
            sender,
            arena.call("safeTransferFrom", sender.address, to, GOLD, 1n, new Uint8Array(0)),
          );
        },
      },
      {
        name: "accept challenges",
        weight: 2,
        run(traffic, sender) {
          traffic.send(sender, traffic.popular(arenas).call("acceptChallenges", STAKE));
        },
      },
    ];
  },
};
