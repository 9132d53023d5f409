// Constant-product pools behind a router: swaps along one to three of them, liquidity, and arbitrage by flash swap.
import { GENESIS_TIME } from "../chain/chain-spec.ts";
import { ETHER } from "../chain/genesis.ts";
import type { Contract } from "../contracts/contract.ts";
import { reservesOf } from "../contracts/storage.ts";
import type { Action, Traffic } from "../traffic/traffic.ts";
import { LATER, type World } from "../world.ts";
import { BOTH, type Family } from "./family.ts";

const DEPTH = 100_000n * ETHER;
/** In a pair's sharded market: each has a pool of its own for each of these. */
const POOL_SHARDS = 8;

export interface Market {
  weth: Contract;
  tokens: Contract[];
  factory: Contract;
  router: Contract;
  /** Each of wrapped ether and one of the tokens. */
  pools: Contract[];
}

/** As many pools of wrapped ether and tokens of their own as the world has things; everybody may trade. */
export async function createMarket(world: World, sharded: boolean): Promise<Market> {
  const { deployer } = world;
  const weth = world.create("WrappedEther");
  const tokens = world.each((index) => world.createToken(`M${index}`));
  const factory = world.create(sharded ? "ShardedPoolFactory" : "PoolFactory");
  const router = world.create(sharded ? "ShardedRouter" : "Router", factory.address, weth.address);
  const shards = sharded ? POOL_SHARDS : 1;
  for (const from of world.users) world.send(weth.call("deposit"), { from, value: 1_000n * ETHER });
  world.send(weth.call("deposit"), { value: DEPTH * BigInt(tokens.length * shards) });
  for (const token of [weth, ...tokens]) world.allow(token, router);
  await world.settle();
  // A provider's address says in which shard it provides: the pools of the others are filled by hand.
  const pools: Contract[] = [];
  for (const token of tokens) {
    if (sharded)
      for (let shard = 0; shard < POOL_SHARDS; shard++)
        world.send(factory.call("createPool", token.address, weth.address, shard));
    else world.send(factory.call("createPool", token.address, weth.address));
  }
  await world.settle();
  for (const token of tokens)
    for (let shard = 0; shard < shards; shard++) {
      const pair = [token.address, weth.address];
      const pool = await world.find("Pool", factory, "poolOf", ...pair, ...(sharded ? [shard] : []));
      pools.push(pool);
      for (const one of [token, weth])
        world.send(one.call("transfer", pool.address, DEPTH / (sharded ? 8n : 1n)));
      world.send(pool.call("mint", deployer.address));
    }
  await world.settle();
  return { weth, tokens, factory, router, pools };
}

/** Sells something for ether, ether for something, or one token for another through the two pools of ether. */
export function swapAction({ router, weth, tokens, pools }: Market, sharded: boolean): Action {
  return {
    name: "swap",
    weight: 28,
    async run(traffic, sender) {
      const { random } = traffic;
      const first = traffic.popular(tokens);
      const path = random.chance(50) ? [weth, first] : [first, weth];
      const second = traffic.popular(tokens);
      if (random.chance(20) && path[1] === weth && second !== first) path.push(second);
      const amountIn = random.tokens(1, 50);
      const deadline = random.chance(1) ? GENESIS_TIME : LATER;
      const addresses = path.map(({ address }) => address);
      // From prices that are one block old; where there are many pools of a pair, nobody looks.
      const expected = sharded ? 0n : await quote(traffic, amountIn, path, { tokens, pools });
      const minimum = traffic.takesFailure()
        ? expected * 2n + DEPTH
        : (expected * BigInt(random.between(920, 995))) / 1000n;
      if (path[0] === weth && random.chance(50))
        return traffic.send(sender, {
          ...router.call("swapExactEtherIn", minimum, addresses, sender.address, deadline),
          value: amountIn,
        });
      const name = path.at(-1) === weth && random.chance(60) ? "swapExactInForEther" : "swapExactIn";
      traffic.send(sender, router.call(name, amountIn, minimum, addresses, sender.address, deadline));
    },
  };
}

export const AMM_FAMILY: Family = {
  name: "amm",
  description:
    "swaps through a router over constant-product pools, liquidity added and removed, arbitrage by flash swap",
  variants: BOTH,
  async setUp(world, variant) {
    const sharded = variant === "parallel";
    const market = await createMarket(world, sharded);
    const { router, weth, tokens, pools } = market;
    const actions = [swapAction(market, sharded)];
    if (!sharded) actions.push(await arbitrageAction(world, market));
    return [
      ...actions,
      {
        name: "add liquidity",
        weight: 2.5,
        run(traffic, sender) {
          const amount = traffic.random.tokens(1, 20);
          const pair = [traffic.popular(tokens).address, weth.address];
          traffic.send(
            sender,
            router.call("addLiquidity", ...pair, amount, amount, 0n, 0n, sender.address, LATER),
          );
        },
      },
      {
        // Straight at the pool: who holds none of it fails.
        name: "remove liquidity",
        weight: 1,
        run(traffic, sender) {
          const pool = traffic.popular(pools);
          const share = traffic.random.tokens(0, 1);
          traffic.send(sender, pool.call("transfer", pool.address, share));
          traffic.send(sender, pool.call("burn", sender.address));
        },
      },
    ];
  },
};

/** A second market of the first pair, and who evens out their prices with borrowed tokens. */
async function arbitrageAction(world: World, { weth, tokens, pools }: Market): Promise<Action> {
  const [token] = tokens as [Contract];
  const factory = world.create("PoolFactory");
  const arbitrage = world.create("FlashArbitrage");
  world.send(factory.call("createPool", token.address, weth.address));
  world.send(weth.call("deposit"), { value: DEPTH });
  await world.settle();
  const other = await world.find("Pool", factory, "poolOf", token.address, weth.address);
  for (const one of [token, weth]) world.send(one.call("transfer", other.address, DEPTH));
  world.send(other.call("mint", world.deployer.address));
  await world.settle();
  const pair = [other, pools[0] as Contract] as const;
  return {
    name: "arbitrage",
    weight: 1.5,
    run(traffic, sender) {
      const [cheap, dear] = traffic.random.chance(50) ? pair : [pair[1], pair[0]];
      traffic.send(
        sender,
        arbitrage.call("even", cheap.address, dear.address, traffic.random.tokens(1, 30), 0n),
      );
    },
  };
}

/** What comes out at the reserves of the last block. */
async function quote(
  { chain }: Traffic,
  amountIn: bigint,
  path: readonly Contract[],
  { tokens, pools }: Pick<Market, "tokens" | "pools">,
): Promise<bigint> {
  let amount = amountIn;
  for (let i = 1; i < path.length; i++) {
    const [from, to] = path.slice(i - 1, i + 1) as [Contract, Contract];
    const pool = pools[tokens.indexOf(tokens.includes(from) ? from : to)] as Contract; // one for each token
    const reserves = await reservesOf(chain, pool.address);
    const forward = Buffer.compare(from.address, to.address) < 0;
    const [reserveIn, reserveOut] = forward ? reserves : ([reserves[1], reserves[0]] as const);
    amount = (amount * 997n * reserveOut) / (reserveIn * 1000n + amount * 997n);
  }
  return amount;
}
