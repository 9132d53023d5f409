// Pools with concentrated liquidity.
import { ETHER } from "../chain/genesis.ts";
import type { Contract } from "../contracts/contract.ts";
import { LATER, UNLIMITED, type World } from "../world.ts";
import { BOTH, type Family } from "./family.ts";

/** In millionths; such pools space their ticks by 60. */
const FEE = 3_000;
const SPACING = 60;
const AT_PAR = 2n ** 96n;
const DEPTH = 20_000n * ETHER;

export interface ConcentratedMarket {
  factory: Contract;
  router: Contract;
  pools: { pool: Contract; tokens: [Contract, Contract] }[];
}

/** As many pools as the world has things, each of a token of its own and one that all have; everybody may trade. */
export async function createConcentratedMarket(
  world: World,
  common: Contract,
  tokens: readonly Contract[],
): Promise<ConcentratedMarket> {
  const factory = world.create("ConcentratedPoolFactory");
  const router = world.create("ConcentratedRouter", factory.address);
  for (const token of [common, ...tokens]) world.allow(token, router);
  for (const token of tokens)
    world.send(factory.call("createPool", token.address, common.address, FEE, AT_PAR));
  await world.settle();
  const pools: ConcentratedMarket["pools"] = [];
  for (const token of tokens) {
    const pool = await world.find("ConcentratedPool", factory, "poolOf", token.address, common.address, FEE);
    pools.push({ pool, tokens: [token, common] });
    for (const width of [600, 6_000, 60_000])
      world.send(
        router.call("addLiquidity", pool.address, -width, width, DEPTH, UNLIMITED, UNLIMITED, LATER),
      );
  }
  await world.settle();
  return { factory, router, pools };
}

export const CONCENTRATED_FAMILY: Family = {
  name: "concentrated",
  description: "swaps at concentrated liquidity; in the parallel form positions away from the price instead",
  variants: BOTH,
  async setUp(world, variant) {
    const common = world.createToken("USD");
    const { router, pools } = await createConcentratedMarket(
      world,
      common,
      world.each((index) => world.createToken(`C${index}`)),
    );
    const apart = variant === "parallel";
    return [
      {
        name: "swap",
        weight: apart ? 1 : 20,
        run(traffic, sender) {
          const { pool, tokens } = traffic.popular(pools);
          const amount = traffic.random.tokens(1, 100);
          const minimum = traffic.takesFailure() ? amount * 3n : 0n;
          const token = traffic.random.pick(tokens).address;
          const to = sender.address;
          if (traffic.random.chance(20))
            traffic.send(
              sender,
              router.call("swapExactOut", pool.address, token, amount, UNLIMITED, to, LATER),
            );
          else
            traffic.send(
              sender,
              router.call("swapExactIn", token, amount, minimum, [pool.address], to, LATER),
            );
        },
      },
      {
        name: "add liquidity",
        weight: apart ? 14 : 4,
        run(traffic, sender) {
          const { random } = traffic;
          const { pool } = traffic.popular(pools);
          const lower = apart ? random.between(200, 4_000) * SPACING : -random.between(1, 100) * SPACING;
          const upper = apart ? lower + random.between(1, 20) * SPACING : random.between(1, 100) * SPACING;
          const liquidity = random.tokens(1, 100);
          traffic.send(
            sender,
            router.call("addLiquidity", pool.address, lower, upper, liquidity, UNLIMITED, UNLIMITED, LATER),
          );
          if (random.chance(50)) traffic.send(sender, pool.call("burn", lower, upper, liquidity / 2n));
          if (random.chance(50))
            traffic.send(
              sender,
              pool.call("collect", sender.address, lower, upper, 2n ** 128n - 1n, 2n ** 128n - 1n),
            );
        },
      },
    ];
  },
};
