// Insurance: one pool and a queue of claims, or sixteen pools and no queue.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Address, type Hex, keccak256, maxUint256, toHex, zeroHash } from "viem";
import { withRandom } from "../testing/random.ts";
import { attempt, reverts } from "../testing/reverted.ts";
import { TestChain } from "../testing/test-chain.ts";

const chain = await TestChain.create();
const [admin, alice, bob, carol] = [0, 1, 2, 3].map((index) => chain.account(index)) as [
  Address,
  Address,
  Address,
  Address,
];
const assessors = [4, 5, 6, 7, 8].map((index) => chain.account(index));
const ONE = 10n ** 18n;
const DAY = 24 * 60 * 60;
const YEAR = BigInt(365 * DAY);
const EVIDENCE = keccak256(toHex("photographs"));
const FLIGHT = 1;

for (const name of ["Insurance", "ShardedInsurance"]) {
  describe(name, () => {
    /** Alice underwrites with 1,000; flights cost 5% a year. */
    const setUp = chain.fixture(async () => {
      const token = await chain.deploy("Token", ["Braid Dollar", "BD"]);
      const insurance = await chain.deploy(name, [token.address]);
      const people = [alice, bob, carol];
      await token.send(admin, "issue", people, 10_000n * ONE);
      for (const person of people) await token.send(person, "approve", insurance.address, maxUint256);
      for (const assessor of assessors)
        await insurance.send(admin, "grantRole", await insurance.read<Hex>("ASSESSOR_ROLE"), assessor);
      await insurance.send(admin, "setRate", FLIGHT, 500n);
      await insurance.send(alice, "underwrite", 1_000n * ONE);
      const pool = await insurance.read("poolOf", alice);
      const buy = async (holder: Address, cover: bigint, period = YEAR) => {
        const receipt = await insurance.send(holder, "buy", FLIGHT, cover, period, maxUint256, pool);
        return insurance.events(receipt, "PolicyBought")[0]?.["id"] as Hex;
      };
      const file = (holder: Address, id: Hex, amount: bigint) =>
        insurance.send(holder, "file", id, amount, EVIDENCE);
      const decide = async (id: Hex, approve: boolean) => {
        for (const assessor of assessors.slice(0, 3)) await insurance.send(assessor, "assess", id, approve);
      };
      const held = () =>
        name === "Insurance"
          ? token.read("balanceOf", insurance.address)
          : insurance.read("custody", token.address);
      return { token, insurance, pool, buy, file, decide, held };
    });

    it("pays what three assessors approve", async () => {
      const { token, insurance, buy, file, decide } = await setUp();
      const id = await buy(bob, 400n * ONE);
      assert.equal(await token.read("balanceOf", bob), 9_980n * ONE);
      await file(bob, id, 300n * ONE);
      await reverts(insurance.send(carol, "settle", id), "WrongStatus");
      await decide(id, true);
      await insurance.send(carol, "settle", id);
      assert.equal(await token.read("balanceOf", bob), 10_280n * ONE);
      await reverts(insurance.send(carol, "settle", id), "WrongStatus");
      await reverts(file(bob, id, 100n * ONE), "WrongStatus");
    });

    it("decides by three of the same opinion, each of whom speaks once and not for itself", async () => {
      const { token, insurance, buy, file } = await setUp();
      const [first, second, third, fourth, fifth] = assessors as [
        Address,
        Address,
        Address,
        Address,
        Address,
      ];
      await token.send(alice, "transfer", fifth, 100n * ONE);
      await token.send(fifth, "approve", insurance.address, maxUint256);
      const own = await buy(fifth, 10n * ONE);
      await file(fifth, own, ONE);
      await reverts(insurance.send(fifth, "assess", own, true), "OwnClaim", fifth);
      await insurance.send(first, "assess", own, true);
      await reverts(insurance.send(first, "assess", own, true), "AlreadyAssessed", first);
      await reverts(insurance.send(bob, "assess", own, true), "AccessControlUnauthorizedAccount");
      for (const assessor of [second, third]) await insurance.send(assessor, "assess", own, false);
      await insurance.send(fourth, "assess", own, false);
      await insurance.send(bob, "settle", own);
      assert.equal(await token.read("balanceOf", fifth), 100n * ONE - ONE / 2n);
    });

    it("insures no more than the capital covers, and keeps what it needs", async () => {
      const { insurance, buy, pool } = await setUp();
      await reverts(buy(bob, 1_001n * ONE), "NotEnoughCapital");
      await buy(bob, 900n * ONE);
      await reverts(buy(carol, 200n * ONE), "NotEnoughCapital");
      await reverts(insurance.send(bob, "buy", 9, ONE, YEAR, maxUint256, pool), "UnknownProduct", 9);
      await reverts(insurance.send(bob, "buy", FLIGHT, ONE, 1n, maxUint256, pool), "InvalidPeriod", 1n);
      await reverts(insurance.send(bob, "buy", FLIGHT, ONE, YEAR, 1n, pool), "PremiumTooHigh");
      const shares = await insurance.read("sharesOf", alice);
      await reverts(insurance.send(alice, "withdraw", 1n, alice), "TooEarly");
      await chain.helpers.time.increase(7 * DAY);
      await reverts(insurance.send(alice, "withdraw", shares, alice), "NotEnoughCapital");
      await insurance.send(alice, "withdraw", shares / 10n, alice);
    });

    it("frees the capital when a policy is over, and gives the premium to the underwriter", async () => {
      const { token, insurance, buy, file, decide } = await setUp();
      const quiet = await buy(bob, 100n * ONE, BigInt(30 * DAY));
      const denied = await buy(bob, 100n * ONE, BigInt(30 * DAY));
      await file(bob, denied, ONE);
      await decide(denied, false);
      await insurance.send(bob, "settle", denied);
      await reverts(insurance.send(carol, "end", quiet), "TooEarly");
      await chain.helpers.time.increase(61 * DAY);
      await reverts(file(bob, quiet, ONE), "TooLate");
      for (const id of [quiet, denied]) await insurance.send(carol, "end", id);
      await reverts(insurance.send(carol, "end", quiet), "NothingToDo");
      await insurance.send(alice, "withdraw", await insurance.read("sharesOf", alice), alice);
      assert((await token.read("balanceOf", alice)) > 10_000n * ONE + (8n * ONE) / 10n);
    });

    it("refuses claims of strangers, beyond the cover, or without evidence", async () => {
      const { insurance, buy, file } = await setUp();
      const id = await buy(bob, 100n * ONE);
      await reverts(file(carol, id, ONE), "NotTheHolder", bob);
      await reverts(file(bob, id, 101n * ONE), "ClaimTooHigh");
      await reverts(insurance.send(bob, "file", id, ONE, zeroHash), "NothingToDo");
    });

    it("holds what its pools say that they have, and that covers every policy", async () => {
      await withRandom(async (random) => {
        const { token, insurance, pool, buy, file, decide, held } = await setUp();
        const policies: [Address, Hex][] = [];
        const done = new Set<string>();
        for (let step = 0; step < 60; step++) {
          const person = random.pick([bob, carol]);
          const amount = 1n + BigInt(random.below(1_000)) * (ONE / 4n);
          const [holder, id] = policies.length === 0 ? [bob, zeroHash] : random.pick(policies);
          const shares = (await insurance.read("sharesOf", alice)) / BigInt(random.between(1, 10));
          const actions: [string, () => Promise<unknown>][] = [
            [
              "buy",
              async () =>
                policies.push([person, await buy(person, amount, BigInt(random.between(1, 60) * DAY))]),
            ],
            ["file", () => file(holder, id, amount)],
            ["decide", () => decide(id, random.chance(60))],
            ["settle", () => insurance.send(person, "settle", id)],
            ["end", () => insurance.send(person, "end", id)],
            ["underwrite", () => insurance.send(alice, "underwrite", amount)],
            ["withdraw", () => insurance.send(alice, "withdraw", shares, alice)],
            ["wait", () => chain.helpers.time.increase(random.between(1, 40 * DAY))],
          ];
          const [action, call] = random.pick(actions);
          if (await attempt(call())) done.add(action);
          const [assets = 0n, , locked = 0n] = await insurance.read<bigint[]>("pools", pool);
          assert.equal(await held(), assets, `step ${step}: ${action}`);
          assert(locked <= assets, `step ${step}: ${action}`);
        }
        assert(done.size >= 4, [...done].join(", "));
        assert((await token.read("totalSupply")) === 30_000n * ONE);
      });
    });
  });
}

describe("the order of claims", () => {
  it("is that of the queue, or none", async () => {
    for (const name of ["Insurance", "ShardedInsurance"]) {
      const token = await chain.deploy("Token", ["Braid Dollar", "BD"]);
      const insurance = await chain.deploy(name, [token.address]);
      await token.send(admin, "issue", [alice, bob], 1_000n);
      for (const person of [alice, bob]) await token.send(person, "approve", insurance.address, maxUint256);
      for (const assessor of assessors)
        await insurance.send(admin, "grantRole", await insurance.read<Hex>("ASSESSOR_ROLE"), assessor);
      await insurance.send(admin, "setRate", FLIGHT, 500n);
      await insurance.send(alice, "underwrite", 1_000n);
      const pool = await insurance.read("poolOf", alice);
      const ids: Hex[] = [];
      for (let i = 0; i < 2; i++) {
        const receipt = await insurance.send(bob, "buy", FLIGHT, 100n, YEAR, maxUint256, pool);
        const id = insurance.events(receipt, "PolicyBought")[0]?.["id"] as Hex;
        ids.push(id);
        await insurance.send(bob, "file", id, 50n, EVIDENCE);
      }
      const [first, second] = ids as [Hex, Hex];
      for (const assessor of assessors.slice(0, 3)) await insurance.send(assessor, "assess", second, true);
      if (name === "Insurance") await reverts(insurance.send(bob, "settle", second), "NotYourTurn", first);
      else await insurance.send(bob, "settle", second);
    }
  });
});
