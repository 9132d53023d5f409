// Prices that somebody reports, and prices that are averages of a pool's.
import { ETHER } from "../chain/genesis.ts";
import { createMarket, swapAction } from "./amm.ts";
import { BOTH, type Family } from "./family.ts";
import { borrowActions, createLendingMarkets } from "./lending.ts";

const AGE = 100n * 365n * 24n * 3_600n;
const PRICE = 2_000n * ETHER;
/** Seconds of an average: some blocks. */
const PERIOD = 60n;

export const ORACLE_FAMILY: Family = {
  name: "oracle",
  description:
    "loans priced by reports in the same block; in the parallel form by averages of a pool that is traded",
  variants: BOTH,
  async setUp(world, variant) {
    if (variant === "plain") {
      const oracles = world.each(() => world.create("FeedOracle", AGE, PRICE));
      const markets = await createLendingMarkets(world, "ShardedLendingMarket", oracles);
      return [
        ...borrowActions(markets),
        {
          name: "report",
          weight: 1.5,
          run(traffic) {
            const price = (PRICE * BigInt(traffic.random.between(95, 105))) / 100n;
            traffic.send(world.deployer, traffic.popular(oracles).call("report", price));
          },
        },
      ];
    }
    const market = await createMarket(world, false);
    const oracles = market.pools.map((pool, index) =>
      world.create("TwapOracle", pool.address, market.tokens[index]?.address ?? pool.address, PERIOD),
    );
    await world.settle();
    await world.wait(6);
    for (const oracle of oracles) world.send(oracle.call("update"));
    await world.settle();
    const markets = await createLendingMarkets(world, "ShardedLendingMarket", oracles);
    const swap = swapAction(market, false);
    return [
      ...borrowActions(markets),
      { ...swap, weight: 3 },
      {
        name: "update",
        weight: 1.5,
        run(traffic, sender) {
          traffic.send(sender, traffic.popular(oracles).call("update"));
        },
      },
    ];
  },
};
