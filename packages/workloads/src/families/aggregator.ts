// An aggregator that routes trades over pools of both kinds.
import { ETHER } from "../chain/genesis.ts";
import { LATER } from "../world.ts";
import { createMarket } from "./amm.ts";
import { createConcentratedMarket } from "./concentrated.ts";
import { BOTH, type Family } from "./family.ts";

const WHOLE = 10_000;

export const AGGREGATOR_FAMILY: Family = {
  name: "aggregator",
  description: "trades that an aggregator splits over constant-product and concentrated pools",
  variants: BOTH,
  async setUp(world, variant) {
    const market = await createMarket(world, false);
    const { weth, tokens, factory } = market;
    world.send(weth.call("deposit"), { value: 1_000_000n * ETHER });
    await world.settle();
    const concentrated = await createConcentratedMarket(world, weth, tokens.slice(0, 4));
    const aggregator = world.create(
      variant === "parallel" ? "ShardedAggregator" : "Aggregator",
      factory.address,
      concentrated.factory.address,
    );
    for (const token of [weth, ...tokens]) world.allow(token, aggregator);
    await world.settle();
    return [
      {
        name: "trade",
        weight: 1,
        run(traffic, sender) {
          const { random } = traffic;
          const token = traffic.popular(tokens);
          const sells = random.chance(50);
          const [tokenIn, tokenOut] = sells ? [token, weth] : [weth, token];
          const amount = random.tokens(1, 30);
          const minimum = traffic.takesFailure() ? amount * 100n : 0n;
          const trade = [tokenIn.address, tokenOut.address, amount, minimum, sender.address, LATER];
          const leg = (fee: number, part: number) => [tokenIn.address, tokenOut.address, fee, part];
          const both = tokens.indexOf(token) < 4 && random.chance(50);
          const legs = both ? [leg(3_000, random.between(1, 9) * 1_000), leg(0, WHOLE)] : [leg(0, WHOLE)];
          traffic.send(sender, aggregator.call("swap", trade, legs));
        },
      },
    ];
  },
};
