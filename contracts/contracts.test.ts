// The contracts themselves, called on a small chain of stock @ethereumjs/vm.
import { concatBytes, hexToBytes } from "@braid/primitives";
import { beforeEach, describe, expect, it } from "vitest";
import { type AbiValue, word } from "./abi.ts";
import { createAccounts, type SigningAccount } from "./accounts.ts";
import { CHAIN_ID } from "./chain-spec.ts";
import { callData, creationCode } from "./contract-code.ts";
import { DEADLINE, type Deployment, deploy, TOKENS_PER_HOLDER, UNLIMITED } from "./deployment.ts";
import { ETHER, genesisState } from "./genesis.ts";
import { signAuthorization, signTransaction, type TransactionRequest } from "./sign-transaction.ts";
import { StockChain, type TransactionOutcome } from "./stock-chain.ts";
import { allowanceSlot, balanceSlot, RESERVES_SLOT, TOTAL_SUPPLY_SLOT, unpackReserves } from "./storage.ts";

let chain: StockChain;
let deployment: Deployment;
let alice: SigningAccount;
let bob: SigningAccount;
let weth: Uint8Array;
let token: Uint8Array;
let pool: Uint8Array;

beforeEach(async () => {
  const [deployer, first, second] = createAccounts("contracts test", 3) as [
    SigningAccount,
    SigningAccount,
    SigningAccount,
  ];
  alice = first;
  bob = second;
  const accounts = [deployer, alice, bob].map(({ address }) => [address, 10_000n * ETHER] as const);
  chain = await StockChain.create(genesisState(accounts));
  const plan = deploy(deployer, {
    tokens: 2,
    pools: [
      [0, 1],
      [1, 2],
    ],
    holders: [[alice.address], []],
  });
  deployment = plan.deployment;
  for (const block of plan.blocks) {
    const { outcomes } = await chain.mine(block, { coinbase: bob.address });
    expect(outcomes.every(({ succeeded }) => succeeded)).toBe(true);
  }
  weth = deployment.tokens[0] as Uint8Array;
  token = deployment.tokens[1] as Uint8Array;
  pool = deployment.pools[0]?.address as Uint8Array;
});

async function send(
  sender: SigningAccount,
  request: Partial<TransactionRequest>,
): Promise<TransactionOutcome> {
  const fees = { maxFee: 20n * 10n ** 9n, tip: 10n ** 9n, gasLimit: 3_000_000n };
  const transaction = signTransaction({ type: 2, chainId: CHAIN_ID, ...fees, ...request }, sender);
  const { outcomes } = await chain.mine([transaction], { coinbase: new Uint8Array(20).fill(9) });
  return outcomes[0] as TransactionOutcome;
}

function call(
  sender: SigningAccount,
  contract: string,
  to: Uint8Array,
  signature: string,
  ...values: AbiValue[]
): Promise<TransactionOutcome> {
  return send(sender, { to, data: callData(contract, signature, ...values) });
}

const balance = (of: Uint8Array, owner: Uint8Array) => chain.storageAt(of, balanceSlot(owner));
const SWAP = "swapExactIn(uint256,uint256,address[],address,uint256)";

describe("Token", () => {
  it("moves balances and refuses more than there is", async () => {
    expect((await call(alice, "Token", token, "transfer(address,uint256)", bob.address, 5n)).logs).toBe(1);
    expect(await balance(token, alice.address)).toBe(TOKENS_PER_HOLDER - 5n);
    expect(await balance(token, bob.address)).toBe(5n);
    expect((await call(bob, "Token", token, "transfer(address,uint256)", alice.address, 6n)).error).toBe(
      "revert",
    );
    expect(await balance(token, bob.address)).toBe(5n);
  });

  it("leaves a balance as it is when it is sent to its owner", async () => {
    await call(alice, "Token", token, "transfer(address,uint256)", alice.address, 7n);
    expect(await balance(token, alice.address)).toBe(TOKENS_PER_HOLDER);
  });

  it("counts a limited allowance down and an unlimited one not", async () => {
    const slot = allowanceSlot(alice.address, bob.address);
    await call(alice, "Token", token, "approve(address,uint256)", bob.address, 10n);
    const spend = (value: bigint) =>
      call(bob, "Token", token, "transferFrom(address,address,uint256)", alice.address, bob.address, value);
    expect((await spend(4n)).succeeded).toBe(true);
    expect(await chain.storageAt(token, slot)).toBe(6n);
    expect((await spend(7n)).error).toBe("revert");
    await call(alice, "Token", token, "approve(address,uint256)", bob.address, UNLIMITED);
    expect((await spend(7n)).succeeded).toBe(true);
    expect(await chain.storageAt(token, slot)).toBe(UNLIMITED);
  });

  it("lets only its issuer create tokens", async () => {
    expect((await call(alice, "Token", token, "issue(address[],uint256)", [alice.address], 1n)).error).toBe(
      "revert",
    );
  });

  it("keeps the supply equal to the sum of the balances", async () => {
    const supply = await chain.storageAt(token, TOTAL_SUPPLY_SLOT);
    await call(alice, "Token", token, "burn(uint256)", 3n);
    expect(await chain.storageAt(token, TOTAL_SUPPLY_SLOT)).toBe(supply - 3n);
    expect(await balance(token, alice.address)).toBe(TOKENS_PER_HOLDER - 3n);
  });
});

describe("WrappedEther", () => {
  it("gives back what was put in, and no more", async () => {
    const held = await chain.balanceOf(weth);
    await send(alice, { to: weth, value: 3n * ETHER });
    expect(await balance(weth, alice.address)).toBe(3n * ETHER);
    expect((await call(alice, "WrappedEther", weth, "withdraw(uint256)", 3n * ETHER + 1n)).error).toBe(
      "revert",
    );
    expect((await call(alice, "WrappedEther", weth, "withdraw(uint256)", ETHER)).succeeded).toBe(true);
    expect(await balance(weth, alice.address)).toBe(2n * ETHER);
    expect(await chain.balanceOf(weth)).toBe(held + 2n * ETHER);
  });
});

describe("Pool and Router", () => {
  const reserves = async () => {
    const { reserve0, reserve1 } = unpackReserves(await chain.storageAt(pool, RESERVES_SLOT));
    return Buffer.compare(weth, token) < 0
      ? { ether: reserve0, tokens: reserve1 }
      : { ether: reserve1, tokens: reserve0 };
  };

  it("swaps at the constant product less 0.3%", async () => {
    const before = await reserves();
    await call(alice, "Token", token, "approve(address,uint256)", deployment.router, UNLIMITED);
    const amountIn = 1_000n * ETHER;
    const expected = (amountIn * 997n * before.ether) / (before.tokens * 1000n + amountIn * 997n);
    const path = [token, weth];
    expect(
      (
        await call(
          alice,
          "Router",
          deployment.router,
          SWAP,
          amountIn,
          expected + 1n,
          path,
          bob.address,
          DEADLINE,
        )
      ).error,
    ).toBe("revert");
    expect(
      (await call(alice, "Router", deployment.router, SWAP, amountIn, expected, path, bob.address, 1n)).error,
    ).toBe("revert");
    expect(
      (await call(alice, "Router", deployment.router, SWAP, amountIn, expected, path, bob.address, DEADLINE))
        .succeeded,
    ).toBe(true);
    expect(await balance(weth, bob.address)).toBe(expected);
    const after = await reserves();
    expect(after).toEqual({ ether: before.ether - expected, tokens: before.tokens + amountIn });
    expect(after.ether * after.tokens).toBeGreaterThan(before.ether * before.tokens);
  });

  it("pays ether through two pools", async () => {
    const path = [weth, token, deployment.tokens[2] as Uint8Array];
    const data = callData(
      "Router",
      "swapExactEtherIn(uint256,address[],address,uint256)",
      1n,
      path,
      alice.address,
      DEADLINE,
    );
    expect((await send(alice, { to: deployment.router, data, value: ETHER })).succeeded).toBe(true);
    expect(await balance(path[2] as Uint8Array, alice.address)).toBeGreaterThan(0n);
    expect(await balance(weth, deployment.router)).toBe(0n);
  });

  it("unwraps what a swap for ether yields", async () => {
    await call(alice, "Token", token, "approve(address,uint256)", deployment.router, UNLIMITED);
    const before = await chain.balanceOf(bob.address);
    const signature = "swapExactInForEther(uint256,uint256,address[],address,uint256)";
    const amountIn = 10n * ETHER;
    const { ether, tokens } = await reserves();
    await call(
      alice,
      "Router",
      deployment.router,
      signature,
      amountIn,
      0n,
      [token, weth],
      bob.address,
      DEADLINE,
    );
    expect((await chain.balanceOf(bob.address)) - before).toBe(
      (amountIn * 997n * ether) / (tokens * 1000n + amountIn * 997n),
    );
  });

  it("refuses to pay out without being paid", async () => {
    expect(
      (await call(alice, "Pool", pool, "swap(uint256,uint256,address)", 1n, 0n, alice.address)).error,
    ).toBe("revert");
  });

  it("gives liquidity back in proportion to the shares", async () => {
    const before = await reserves();
    await send(alice, { to: weth, value: 10n * ETHER });
    for (const asset of [weth, token, pool])
      await call(alice, "Token", asset, "approve(address,uint256)", deployment.router, UNLIMITED);
    const add = "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)";
    const amounts = [10n * ETHER, TOKENS_PER_HOLDER, 1n, 1n];
    expect(
      (await call(alice, "Router", deployment.router, add, weth, token, ...amounts, alice.address, DEADLINE))
        .succeeded,
    ).toBe(true);
    const added = await reserves();
    expect(added.ether - before.ether).toBe(10n * ETHER);
    expect(added.tokens - before.tokens).toBe((10n * ETHER * before.tokens) / before.ether);
    const shares = await balance(pool, alice.address);
    const remove = "removeLiquidity(address,address,uint256,uint256,uint256,address,uint256)";
    await call(
      alice,
      "Router",
      deployment.router,
      remove,
      weth,
      token,
      shares,
      1n,
      1n,
      alice.address,
      DEADLINE,
    );
    const back = await balance(weth, alice.address);
    expect(back).toBeLessThanOrEqual(10n * ETHER);
    expect(back).toBeGreaterThan(10n * ETHER - 10n);
  });
});

describe("PoolFactory", () => {
  it("creates one pool for each pair, where CREATE2 says", async () => {
    const create = (a: Uint8Array, b: Uint8Array) =>
      call(alice, "PoolFactory", deployment.factory, "createPool(address,address)", a, b);
    const other = deployment.tokens[2] as Uint8Array;
    expect((await create(token, weth)).error).toBe("revert");
    expect((await create(token, token)).error).toBe("revert");
    expect((await create(other, weth)).succeeded).toBe(true);
    expect((await create(weth, other)).error).toBe("revert");
    expect(
      (await chain.dump()).accounts.filter(({ account }) => account?.nonce === 1n).length,
    ).toBeGreaterThan(5);
  });
});

describe("BatchWallet", () => {
  it("acts for a delegated account that calls itself, and for nobody else", async () => {
    const calls = [
      [token, 0n, callData("Token", "transfer(address,uint256)", bob.address, 11n)],
      [bob.address, 5n, new Uint8Array(0)],
    ];
    const data = callData("BatchWallet", "execute((address,uint256,bytes)[])", calls);
    const authorization = signAuthorization(CHAIN_ID, deployment.batchWallet, alice.nonce + 1n, alice);
    const before = await chain.balanceOf(bob.address);
    const outcome = await send(alice, { type: 4, to: alice.address, data, authorizations: [authorization] });
    alice.nonce++;
    expect(outcome).toMatchObject({ succeeded: true, logs: 2 });
    expect(await balance(token, bob.address)).toBe(11n);
    expect((await chain.balanceOf(bob.address)) - before).toBe(5n);
    expect((await send(bob, { to: alice.address, data })).error).toBe("revert");
  });
});

describe("system contracts", () => {
  it("turn a call into a request in the block's requests hash", async () => {
    const empty = (await chain.mine([], { coinbase: bob.address })).header.requestsHash;
    const data = concatBytes(new Uint8Array(48).fill(7), new Uint8Array(8));
    const to = hexToBytes("0x00000961ef480eb55e80d19ad83579a64c007002");
    expect((await send(alice, { to, data, value: 1n })).succeeded).toBe(true);
    expect(chain.head.requestsHash).not.toEqual(empty);
  });

  it("keep the parent's hash and beacon root", async () => {
    const parent = chain.head;
    await chain.mine([], { coinbase: bob.address });
    const history = hexToBytes("0x0000f90827f1c53a10cb7a02335b175320002935");
    expect(word(await chain.storageAt(history, word(parent.number % 8191n)))).toEqual(parent.hash());
    const roots = hexToBytes("0x000f3df6d732807ef1319fb7b8bb8522d0beac02");
    expect(await chain.storageAt(roots, word(chain.head.timestamp % 8191n))).toBe(chain.head.timestamp);
  });
});

it("refuses to build calls of functions that a contract lacks", () => {
  expect(() => callData("Token", "mint(address)", alice.address)).toThrow(RangeError);
  expect(() => creationCode("Nothing")).toThrow(RangeError);
});
