// Trading: swaps through one or several pools, and adding and removing liquidity.
import { equalBytes } from "@braid/primitives";
import type { SigningAccount } from "./accounts.ts";
import { GENESIS_TIME } from "./chain-spec.ts";
import { callData } from "./contract-code.ts";
import { DEADLINE, type DeployedPool, UNLIMITED } from "./deployment.ts";
import { ETHER } from "./genesis.ts";
import { allowanceSlot, balanceSlot, RESERVES_SLOT, unpackReserves } from "./storage.ts";
import type { Action, Traffic } from "./traffic.ts";
import { FAILURE_SHARE } from "./traffic-tokens.ts";

export const POOL_ACTIONS: readonly Action[] = [
  { name: "swap", weight: 28, run: swap },
  { name: "add liquidity", weight: 2.5, run: addLiquidity },
  { name: "remove liquidity", weight: 1, run: removeLiquidity },
];

/** How often a swap begins at a pool, in the order of the deployment: the first one is where everybody trades. */
export const POOL_POPULARITY = [40, 18, 12, 8, 7, 6, 5, 4];

/** Gas of a swap through the first pool, with the router's transfers, and of each further one. */
const SWAP_GAS = 180_000n;
const HOP_GAS = 95_000n;

/** Of a plain token in one swap: a five-hundredth of what a pool holds of it. */
const MOST_SOLD = 4_000;

/** Sells something along 1 to 3 pools, with the slippage people allow from prices that are one block old. */
async function swap(traffic: Traffic, sender: SigningAccount): Promise<void> {
  const { random, deployment } = traffic;
  const weth = deployment.tokens[0] as Uint8Array; // wrapped ether is always deployed
  const hops = random.weighted([
    [78, 1],
    [15, 2],
    [7, 3],
  ]);
  const { path, pools } = await sellablePath(traffic, sender, hops);
  const token = path[0] as Uint8Array; // a path has at least two tokens
  const amountIn = equalBytes(token, weth) ? random.tokens(0, 1) + 1n : random.tokens(10, MOST_SOLD);
  const slippage = BigInt(random.between(5, 80)); // 0.5% to 8%
  const expected = await quote(traffic, amountIn, path, pools);
  const fails = random.chance(FAILURE_SHARE);
  const minimum = fails ? expected * 2n : (expected * (1000n - slippage)) / 1000n;
  const deadline = random.chance(FAILURE_SHARE / 2) ? GENESIS_TIME : DEADLINE;
  const gasLimit = random.chance(FAILURE_SHARE / 3) ? 60_000n : SWAP_GAS + HOP_GAS * BigInt(pools.length - 1);
  const accessList = pools.map((pool) => [pool.address, [RESERVES_SLOT]] as const);
  const to = deployment.router;

  if (equalBytes(token, weth)) {
    const data = callData(
      "Router",
      "swapExactEtherIn(uint256,address[],address,uint256)",
      minimum,
      path,
      sender.address,
      deadline,
    );
    return traffic.send(sender, { to, data, value: amountIn, gasLimit, accessList });
  }
  await approveRouter(traffic, sender, token, amountIn);
  const name =
    equalBytes(path[pools.length] as Uint8Array, weth) && random.chance(60)
      ? "swapExactInForEther"
      : "swapExactIn";
  const data = callData(
    "Router",
    `${name}(uint256,uint256,address[],address,uint256)`,
    amountIn,
    minimum,
    path,
    sender.address,
    deadline,
  );
  traffic.send(sender, {
    to,
    data,
    gasLimit: name === "swapExactIn" ? gasLimit : gasLimit + 30_000n,
    accessList,
  });
}

/** Adds a thousandth to a hundredth of what a random pool holds; tokens that the sender lacks make it fail. */
async function addLiquidity(traffic: Traffic, sender: SigningAccount): Promise<void> {
  const { random, deployment } = traffic;
  const pool = await providedPool(traffic, sender);
  const reserves = await reservesOf(traffic, pool);
  const share = BigInt(random.between(1_000, 20_000));
  const desired = [reserves.reserve0 / share, reserves.reserve1 / share] as const;
  for (const [index, token] of [pool.token0, pool.token1].entries()) {
    const amount = desired[index] ?? 0n;
    if (equalBytes(token, deployment.tokens[0] as Uint8Array)) {
      traffic.send(sender, {
        to: token,
        data: callData("WrappedEther", "deposit()"),
        value: amount,
        gasLimit: 90_000n,
      });
    }
    await approveRouter(traffic, sender, token, amount);
  }
  const minimums = desired.map((amount) => (amount * 9n) / 10n);
  const data = callData(
    "Router",
    "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)",
    pool.token0,
    pool.token1,
    ...desired,
    ...minimums,
    sender.address,
    DEADLINE,
  );
  traffic.send(sender, {
    to: deployment.router,
    data,
    gasLimit: 260_000n,
    accessList: [[pool.address, [RESERVES_SLOT]]],
  });
}

/** Takes out some of what the sender holds of a pool; who holds nothing adds. */
async function removeLiquidity(traffic: Traffic, sender: SigningAccount): Promise<void> {
  const { random, chain, deployment } = traffic;
  const owned: [DeployedPool, bigint][] = [];
  for (const pool of deployment.pools) {
    const shares = await chain.storageAt(pool.address, balanceSlot(sender.address));
    if (shares > ETHER / 1000n) owned.push([pool, shares]);
  }
  if (owned.length === 0) return addLiquidity(traffic, sender);
  const [pool, shares] = random.pick(owned);
  const given = shares / BigInt(random.between(1, 3));
  await approveRouter(traffic, sender, pool.address, given);
  const data = callData(
    "Router",
    "removeLiquidity(address,address,uint256,uint256,uint256,address,uint256)",
    pool.token0,
    pool.token1,
    given,
    0n,
    0n,
    sender.address,
    DEADLINE,
  );
  traffic.send(sender, { to: deployment.router, data, gasLimit: 230_000n });
}

/** Lets the router spend the token, in a transaction before the one that needs it, unless it may already. */
async function approveRouter(
  traffic: Traffic,
  owner: SigningAccount,
  token: Uint8Array,
  amount: bigint,
): Promise<void> {
  const { random, chain, deployment } = traffic;
  const key = traffic.approvalKey(owner, token);
  const slot = allowanceSlot(owner.address, deployment.router);
  if (traffic.approvedInBlock.has(key) || (await chain.storageAt(token, slot)) >= amount) return;
  if (random.chance(FAILURE_SHARE)) return; // somebody forgot
  const value = random.chance(70) ? UNLIMITED : amount * BigInt(random.between(1, 5));
  const data = callData("Token", "approve(address,uint256)", deployment.router, value);
  traffic.send(owner, { to: token, data, gasLimit: 55_000n, accessList: [[token, [slot]]] });
  traffic.approvedInBlock.add(key);
}

/** A pool whose plain tokens the provider holds; after a few tries any one. */
async function providedPool(traffic: Traffic, provider: SigningAccount): Promise<DeployedPool> {
  const weth = traffic.deployment.tokens[0];
  let pool = randomPool(traffic);
  for (let tries = 0; tries < 6; tries++) {
    const missing = [pool.token0, pool.token1].filter((token) => token !== weth);
    const held = await Promise.all(
      missing.map((token) => traffic.holds(provider, token, BigInt(MOST_SOLD) * ETHER)),
    );
    if (!held.includes(false)) break;
    pool = randomPool(traffic);
  }
  return pool;
}

function randomPool(traffic: Traffic): DeployedPool {
  return traffic.random.weighted(
    traffic.deployment.pools.map((pool, index) => [POOL_POPULARITY[index] ?? 1, pool]),
  );
}

/** A path that begins with ether or with a token that the seller has enough of; after a few tries any one. */
async function sellablePath(
  traffic: Traffic,
  seller: SigningAccount,
  hops: number,
): Promise<{ path: Uint8Array[]; pools: DeployedPool[] }> {
  let found = randomPath(traffic, hops);
  for (let tries = 0; tries < 8; tries++) {
    const token = found.path[0] as Uint8Array; // a path has at least two tokens
    if (token === traffic.deployment.tokens[0]) break;
    if (await traffic.holds(seller, token, BigInt(MOST_SOLD) * ETHER)) break;
    found = randomPath(traffic, hops);
  }
  return found;
}

/** A walk along pools that never uses one twice; it ends early where there is no way on. */
function randomPath(traffic: Traffic, hops: number): { path: Uint8Array[]; pools: DeployedPool[] } {
  const { random, deployment } = traffic;
  const first = randomPool(traffic);
  const path = random.chance(50) ? [first.token0, first.token1] : [first.token1, first.token0];
  const pools = [first];
  while (pools.length < hops) {
    const end = path[path.length - 1] as Uint8Array; // a path has at least two tokens
    const onward = deployment.pools.filter(
      (pool) => !pools.includes(pool) && (equalBytes(pool.token0, end) || equalBytes(pool.token1, end)),
    );
    if (onward.length === 0) break;
    const next = random.pick(onward);
    pools.push(next);
    path.push(equalBytes(next.token0, end) ? next.token1 : next.token0);
  }
  return { path, pools };
}

/** What comes out at the reserves of the last block. */
async function quote(
  traffic: Traffic,
  amountIn: bigint,
  path: Uint8Array[],
  pools: DeployedPool[],
): Promise<bigint> {
  let amount = amountIn;
  for (const [index, pool] of pools.entries()) {
    const { reserve0, reserve1 } = await reservesOf(traffic, pool);
    const forward = equalBytes(path[index] as Uint8Array, pool.token0); // one token more than pools
    const [reserveIn, reserveOut] = forward ? [reserve0, reserve1] : [reserve1, reserve0];
    amount = (amount * 997n * reserveOut) / (reserveIn * 1000n + amount * 997n);
  }
  return amount;
}

async function reservesOf(
  traffic: Traffic,
  pool: DeployedPool,
): Promise<{ reserve0: bigint; reserve1: bigint }> {
  return unpackReserves(await traffic.chain.storageAt(pool.address, RESERVES_SLOT));
}
