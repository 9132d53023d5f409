// What stock ethereumjs makes of the chain's own rules, and rehearsals, which leave nothing behind.
import { concatBytes, hexToBytes } from "@braid/primitives";
import { beforeEach, describe, expect, it } from "vitest";
import { word } from "../contracts/abi.ts";
import { createAccounts, type SigningAccount } from "./accounts.ts";
import { CHAIN_ID } from "./chain-spec.ts";
import { ETHER, genesisState } from "./genesis.ts";
import { signTransaction, type TransactionRequest } from "./sign-transaction.ts";
import { StockChain } from "./stock-chain.ts";

const COINBASE = new Uint8Array(20).fill(9);
const FEES = { maxFee: 20n * 10n ** 9n, tip: 10n ** 9n, gasLimit: 3_000_000n };

let chain: StockChain;
let alice: SigningAccount;

beforeEach(async () => {
  [alice] = createAccounts("stock chain", 1) as [SigningAccount];
  chain = await StockChain.create(genesisState([[alice.address, 10n * ETHER]]));
});

const sign = (request: Partial<TransactionRequest>) =>
  signTransaction({ type: 2, chainId: CHAIN_ID, ...FEES, ...request }, alice);

describe("system contracts", () => {
  it("turn a call into a request in the block's requests hash", async () => {
    const empty = (await chain.mine([], { coinbase: COINBASE })).header.requestsHash;
    const data = concatBytes(new Uint8Array(48).fill(7), new Uint8Array(8));
    const to = hexToBytes("0x00000961ef480eb55e80d19ad83579a64c007002");
    const { outcomes } = await chain.mine([sign({ to, data, value: 1n })], { coinbase: COINBASE });
    expect(outcomes[0]?.succeeded).toBe(true);
    expect(chain.head.requestsHash).not.toEqual(empty);
  });

  it("keep the parent's hash and beacon root", async () => {
    const parent = chain.head;
    await chain.mine([], { coinbase: COINBASE });
    const history = hexToBytes("0x0000f90827f1c53a10cb7a02335b175320002935");
    expect(word(await chain.storageAt(history, word(parent.number % 8191n)))).toEqual(parent.hash());
    const roots = hexToBytes("0x000f3df6d732807ef1319fb7b8bb8522d0beac02");
    expect(await chain.storageAt(roots, word(chain.head.timestamp % 8191n))).toBe(chain.head.timestamp);
  });
});

it("rehearses transactions in order, and is then as it was", async () => {
  const [bob, carol] = createAccounts("others", 2) as [SigningAccount, SigningAccount];
  const first = sign({ to: bob.address, value: ETHER });
  const passedOn = signTransaction(
    { type: 2, chainId: CHAIN_ID, ...FEES, gasLimit: 21_000n, to: carol.address, value: ETHER / 2n },
    bob,
  );
  const rehearsals = await chain.rehearse([first, passedOn], { coinbase: COINBASE });
  expect(rehearsals.map(({ gasUsed, leastGas, error }) => [gasUsed, leastGas, error])).toEqual([
    [21_000n, 21_000n, undefined],
    [21_000n, 21_000n, undefined],
  ]);
  expect(await chain.balanceOf(bob.address)).toBe(0n);
  await expect(chain.rehearse([passedOn], { coinbase: COINBASE })).rejects.toThrow();
  const { outcomes } = await chain.mine([first, passedOn], { coinbase: COINBASE });
  expect(outcomes.map(({ succeeded }) => succeeded)).toEqual([true, true]);
});
