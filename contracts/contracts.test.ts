// What stock @ethereumjs/vm adds to the contracts' own tests in test/: delegation, system contracts, and call data that fits.
import { concatBytes, hexToBytes } from "@braid/primitives";
import { beforeEach, describe, expect, it } from "vitest";
import { word } from "./abi.ts";
import { createAccounts, type SigningAccount } from "./accounts.ts";
import { CHAIN_ID } from "./chain-spec.ts";
import { callData, creationCode } from "./contract-code.ts";
import { type Deployment, deploy } from "./deployment.ts";
import { ETHER, genesisState } from "./genesis.ts";
import { signAuthorization, signTransaction, type TransactionRequest } from "./sign-transaction.ts";
import { StockChain, type TransactionOutcome } from "./stock-chain.ts";
import { balanceSlot } from "./storage.ts";

let chain: StockChain;
let deployment: Deployment;
let alice: SigningAccount;
let bob: SigningAccount;
let token: Uint8Array;

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
  token = deployment.tokens[1] as Uint8Array;
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

const balance = (of: Uint8Array, owner: Uint8Array) => chain.storageAt(of, balanceSlot(owner));

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
