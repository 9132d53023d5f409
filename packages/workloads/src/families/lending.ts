// Lending against collateral, with a price that somebody reports.
import { ETHER } from "../chain/genesis.ts";
import type { Contract } from "../contracts/contract.ts";
import type { Action } from "../traffic/traffic.ts";
import type { World } from "../world.ts";
import { BOTH, type Family } from "./family.ts";

const AGE = 100n * 365n * 24n * 3_600n;
const PRICE = 2_000n * ETHER;

export interface LendingMarket {
  market: Contract;
  loan: Contract;
  collateral: Contract;
}

/** A market that has something to lend, in which everybody has collateral. */
export async function createLendingMarkets(
  world: World,
  contract: string,
  oracles: readonly Contract[],
): Promise<LendingMarket[]> {
  const markets = oracles.map((oracle, index) => {
    const [loan, collateral] = [world.createToken(`L${index}`), world.createToken(`K${index}`)];
    const market = world.create(contract, loan.address, collateral.address, oracle.address);
    for (const token of [loan, collateral]) world.allow(token, market);
    world.send(market.call("supply", 500_000n * ETHER));
    for (const from of world.users) {
      world.send(market.call("supply", 1_000n * ETHER), { from });
      world.send(market.call("addCollateral", 10_000n * ETHER, from.address), { from });
      world.send(market.call("borrow", 100n * ETHER, from.address), { from });
    }
    return { market, loan, collateral };
  });
  await world.settle();
  return markets;
}

export function borrowActions(markets: readonly LendingMarket[]): Action[] {
  return [
    {
      name: "borrow",
      weight: 5,
      run(traffic, sender) {
        const { market } = traffic.popular(markets);
        const amount = traffic.takesFailure() ? 10n ** 9n * ETHER : traffic.random.tokens(1, 30);
        traffic.send(sender, market.call("borrow", amount, sender.address));
      },
    },
    {
      name: "repay",
      weight: 4,
      run(traffic, sender) {
        const { market } = traffic.popular(markets);
        traffic.send(sender, market.call("repay", traffic.random.tokens(1, 20), sender.address));
      },
    },
    {
      name: "add or remove collateral",
      weight: 3,
      run(traffic, sender) {
        const { market } = traffic.popular(markets);
        const name = traffic.random.chance(60) ? "addCollateral" : "removeCollateral";
        traffic.send(sender, market.call(name, traffic.random.tokens(0, 1) + 1n, sender.address));
      },
    },
  ];
}

export const LENDING_FAMILY: Family = {
  name: "lending",
  description: "supplies, loans, repayments and liquidations, prices reported now and then",
  variants: BOTH,
  async setUp(world, variant) {
    const sharded = variant === "parallel";
    const oracles = world.each(() => world.create("FeedOracle", AGE, PRICE));
    const markets = await createLendingMarkets(
      world,
      sharded ? "ShardedLendingMarket" : "LendingMarket",
      oracles,
    );
    return [
      ...borrowActions(markets),
      {
        name: "supply",
        weight: 5,
        run(traffic, sender) {
          traffic.send(sender, traffic.popular(markets).market.call("supply", traffic.random.tokens(1, 100)));
        },
      },
      {
        name: "withdraw",
        weight: 3,
        run(traffic, sender) {
          const shares = traffic.random.tokens(1, 50);
          traffic.send(sender, traffic.popular(markets).market.call("withdraw", shares, sender.address));
        },
      },
      {
        // The price falls by as much as makes some loans unsafe, and somebody looks for them.
        name: "report and liquidate",
        weight: 0.3,
        run(traffic, sender) {
          const { random } = traffic;
          const { market } = traffic.popular(markets);
          const oracle = oracles[markets.findIndex((one) => one.market === market)] as Contract; // one for each
          traffic.send(
            world.deployer,
            oracle.call("report", (PRICE * BigInt(random.between(1, 100))) / 100n),
          );
          traffic.send(
            sender,
            market.call("liquidate", traffic.peerOf(sender).address, random.tokens(1, 10), 0n),
          );
        },
      },
      {
        name: "accrue",
        weight: 0.3,
        run(traffic, sender) {
          traffic.send(sender, traffic.popular(markets).market.call(sharded ? "settle" : "accrue"));
        },
      },
    ];
  },
};
