// Airdrops by Merkle proof: tokens in one place and a bitmap, or tokens in many places and flags.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MerkleTree } from "@braid/workloads";
import { type Address, encodeAbiParameters, type Hex, keccak256, maxUint256 } from "viem";
import { attempt, reverts } from "../testing/reverted.ts";
import { TestChain } from "../testing/test-chain.ts";

const chain = await TestChain.create();
const owner = chain.account(0);
interface Entry {
  index: bigint;
  account: Address;
  amount: bigint;
}
const listOf = (accounts: readonly Address[], step: number): Entry[] =>
  accounts.map((account, index) => ({
    index: BigInt(index * step),
    account,
    amount: 1_000n + BigInt(index),
  }));
const totalOf = (list: readonly Entry[]) => list.reduce((sum, { amount }) => sum + amount, 0n);
const list = listOf(chain.accounts.slice(1, 14), 100);
const total = totalOf(list);
const RUSH = 400;
const WORDS = [{ type: "uint256" }, { type: "address" }, { type: "uint256" }] as const;
const leafOf = ({ index, account, amount }: Entry): Hex =>
  keccak256(keccak256(encodeAbiParameters(WORDS, [index, account, amount])));
const tree = new MerkleTree(list.map(leafOf));

for (const name of ["MerkleAirdrop", "ShardedAirdrop"]) {
  describe(name, () => {
    const deploy = async (root: Hex, funds: bigint) => {
      const token = await chain.deploy("Token", ["Braid Token", "BT"]);
      const deadline = BigInt(await chain.helpers.time.latest()) + 1_000n;
      const airdrop = await chain.deploy(name, [token.address, root, deadline]);
      await token.send(owner, "issue", [owner], funds);
      await token.send(owner, "approve", airdrop.address, maxUint256);
      await airdrop.send(owner, "fund", funds);
      return { token, airdrop, deadline };
    };
    const setUp = chain.fixture(async () => {
      const { token, airdrop, deadline } = await deploy(tree.root, total);
      const claim = (
        position: number,
        change: { account?: Address; amount?: bigint; from?: Address } = {},
      ) => {
        const entry = list[position];
        assert(entry !== undefined);
        const { index, account, amount } = { ...entry, ...change };
        return airdrop.send(change.from ?? account, "claim", index, account, amount, tree.proof(position));
      };
      return { token, airdrop, claim, deadline };
    });

    it("pays each part once, also when somebody else asks", async () => {
      const { token, airdrop, claim } = await setUp();
      for (const [position, { account, amount, index }] of list.entries()) {
        assert.equal(await airdrop.read<boolean>("isClaimed", index), false);
        const receipt = await claim(position, position % 2 === 0 ? {} : { from: owner });
        assert.deepEqual(airdrop.events(receipt, "Claimed"), [{ index, account, amount }]);
        assert.equal(await token.read("balanceOf", account), amount);
        await reverts(claim(position), "AlreadyClaimed", index);
      }
      assert.equal(await airdrop.read("claimedTotal"), total);
    });

    it("refuses what is not in the list", async () => {
      const { airdrop, claim } = await setUp();
      await reverts(claim(3, { amount: 2_000n }), "NotInList");
      await reverts(claim(3, { account: owner }), "NotInList");
      const inner = [tree.proof(0)[1], tree.proof(0)[2], tree.proof(0)[3]];
      await reverts(airdrop.send(owner, "claim", 0n, owner, 1n, inner), "NotInList");
    });

    it("gives the rest to its owner, after the deadline only", async () => {
      const { token, airdrop, claim, deadline } = await setUp();
      await claim(0);
      await reverts(airdrop.send(owner, "sweep", owner), "StillOpen", deadline);
      await chain.helpers.time.increaseTo(deadline + 1n);
      await reverts(claim(1), "Closed", deadline);
      await reverts(airdrop.send(chain.account(1), "sweep", chain.account(1)), "OwnableUnauthorizedAccount");
      await airdrop.send(owner, "sweep", owner);
      assert.equal(await token.read("balanceOf", owner), total - (list[0]?.amount ?? 0n));
      assert.equal(await attempt(claim(2)), false);
    });

    it("pays a rush of claimants", async () => {
      const rush = listOf(await chain.newcomers(RUSH), 1);
      const all = new MerkleTree(rush.map(leafOf));
      const { token, airdrop } = await deploy(all.root, totalOf(rush));
      for (const [position, { index, account, amount }] of rush.entries())
        await airdrop.send(account, "claim", index, account, amount, all.proof(position));
      assert.equal(await airdrop.read("claimedTotal"), totalOf(rush));
      for (const { account, amount } of rush.slice(-5))
        assert.equal(await token.read("balanceOf", account), amount);
    });
  });
}
