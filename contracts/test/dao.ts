// The DAO: votes, delegation, quorum, timelock and execution, with one count and with a sharded one.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Address, type Hex, keccak256, parseEther, toHex } from "viem";
import { reverts } from "../testing/reverted.ts";
import { TestChain } from "../testing/test-chain.ts";

const chain = await TestChain.create();
const deployer = chain.account(0);
const voters = chain.accounts.slice(1, 9);
const receiver: Address = `0x${"ab".repeat(20)}`;
const DELAY = 3_600n;
const [AGAINST, FOR, ABSTAIN] = [0, 1, 2];
/** IGovernor.ProposalState */
const [PENDING, ACTIVE, , DEFEATED, SUCCEEDED, QUEUED, , EXECUTED] = [0, 1, 2, 3, 4, 5, 6, 7];
const REASON = "pay the builders";

for (const name of ["DaoGovernor", "ShardedDaoGovernor"]) {
  describe(name, () => {
    const setUp = chain.fixture(async () => {
      const votes = await chain.deploy("VotesToken", [voters, 100n]);
      const timelock = await chain.deploy("DaoTimelock", [DELAY]);
      const governor = await chain.deploy(name, [votes.address, timelock.address, 100n]);
      for (const role of ["PROPOSER_ROLE", "CANCELLER_ROLE"])
        await timelock.send(deployer, "grantRole", await timelock.read<Hex>(role), governor.address);
      await timelock.send(deployer, "renounceRole", await timelock.read<Hex>("DEFAULT_ADMIN_ROLE"), deployer);
      await chain.send({ from: deployer, to: timelock.address, value: parseEther("10") });
      for (const voter of voters) await votes.send(voter, "delegate", voter);
      const proposal = [[receiver], [parseEther("3")], ["0x"]] as const;
      const byHash = [...proposal, keccak256(toHex(REASON))] as const;
      const propose = async (from: Address) => {
        await governor.send(from, "propose", ...proposal, REASON);
        return governor.read("hashProposal", ...byHash);
      };
      const stateIs = async (id: bigint, wanted: number | undefined) =>
        assert.equal(await governor.read<number>("state", id), wanted);
      return { votes, timelock, governor, byHash, propose, stateIs };
    });
    const [first, second, third, fourth] = voters as [Address, Address, Address, Address];

    it("carries out what is voted for, after the timelock", async () => {
      const { governor, byHash, propose, stateIs } = await setUp();
      const id = await propose(first);
      await stateIs(id, PENDING);
      await reverts(governor.send(first, "castVote", id, FOR), "GovernorUnexpectedProposalState");
      await chain.helpers.mine(2);
      await stateIs(id, ACTIVE);
      for (const [index, voter] of voters.entries())
        await governor.send(voter, "castVote", id, index < 5 ? FOR : index < 7 ? AGAINST : ABSTAIN);
      assert.deepEqual(await governor.read<bigint[]>("proposalVotes", id), [200n, 500n, 100n]);
      await reverts(governor.send(first, "castVote", id, FOR), "GovernorAlreadyCastVote", first);
      await chain.helpers.mine(50);
      await stateIs(id, SUCCEEDED);
      await governor.send(second, "queue", ...byHash);
      await stateIs(id, QUEUED);
      await reverts(governor.send(second, "execute", ...byHash), "TimelockUnexpectedOperationState");
      await chain.helpers.time.increase(DELAY);
      const before = await chain.balance(receiver);
      await governor.send(second, "execute", ...byHash);
      assert.equal((await chain.balance(receiver)) - before, parseEther("3"));
      await stateIs(id, EXECUTED);
    });

    it("refuses without a quorum, without a majority, and without the votes to propose", async () => {
      const { votes, governor, byHash, propose, stateIs } = await setUp();
      await votes.send(fourth, "transfer", third, 1n);
      await reverts(propose(fourth), "GovernorInsufficientProposerVotes");
      const id = await propose(first);
      await chain.helpers.mine(2);
      await governor.send(first, "castVote", id, FOR);
      await governor.send(second, "castVote", id, AGAINST);
      await reverts(governor.send(third, "castVote", id, 3), "GovernorInvalidVoteType");
      await chain.helpers.mine(50);
      await stateIs(id, DEFEATED);
      await reverts(governor.send(first, "queue", ...byHash), "GovernorUnexpectedProposalState");
    });

    it("counts delegated votes as they were when voting began", async () => {
      const { votes, governor, propose } = await setUp();
      await votes.send(second, "delegate", first);
      const id = await propose(first);
      await chain.helpers.mine(2);
      await votes.send(third, "delegate", first);
      await votes.send(first, "transfer", fourth, 100n);
      await governor.send(first, "castVote", id, FOR);
      await governor.send(second, "castVote", id, AGAINST);
      assert.deepEqual(await governor.read<bigint[]>("proposalVotes", id), [0n, 200n, 0n]);
      assert.equal(await governor.read<boolean>("hasVoted", id, second), true);
    });
  });
}
