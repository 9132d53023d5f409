// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// The governor for a rush of votes: each count is in 32 parts, chosen by the voter.

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {GovernorCountingSimple} from "@openzeppelin/contracts/governance/extensions/GovernorCountingSimple.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {ShardedSum} from "../parallel/ShardedSum.sol";
import {DaoGovernor} from "./DaoGovernor.sol";

/// @dev Two who vote the same way on one proposal meet only when they share one of 32 shards. The sums are read when a vote is over:
///      while a proposal is active, `state` does not look at them.
contract ShardedDaoGovernor is DaoGovernor {
    using ShardedSum for ShardedSum.Sum;

    struct ShardedVote {
        ShardedSum.Sum[3] votes;
        mapping(address voter => bool) hasVoted;
    }

    mapping(uint256 proposalId => ShardedVote) private _shardedVotes;

    constructor(
        IVotes votes,
        TimelockController timelockController,
        uint256 threshold
    ) DaoGovernor(votes, timelockController, threshold) {}

    function hasVoted(
        uint256 proposalId,
        address account
    ) public view override(GovernorCountingSimple, IGovernor) returns (bool) {
        return _shardedVotes[proposalId].hasVoted[account];
    }

    function proposalVotes(
        uint256 proposalId
    ) public view override returns (uint256 againstVotes, uint256 forVotes, uint256 abstainVotes) {
        againstVotes = _total(proposalId, VoteType.Against);
        forVotes = _total(proposalId, VoteType.For);
        abstainVotes = _total(proposalId, VoteType.Abstain);
    }

    function _quorumReached(uint256 proposalId) internal view override(Governor, GovernorCountingSimple) returns (bool) {
        uint256 cast = _total(proposalId, VoteType.For) + _total(proposalId, VoteType.Abstain);
        return quorum(proposalSnapshot(proposalId)) <= cast;
    }

    function _voteSucceeded(uint256 proposalId) internal view override(Governor, GovernorCountingSimple) returns (bool) {
        return _total(proposalId, VoteType.For) > _total(proposalId, VoteType.Against);
    }

    function _countVote(
        uint256 proposalId,
        address account,
        uint8 support,
        uint256 totalWeight,
        bytes memory
    ) internal override(Governor, GovernorCountingSimple) returns (uint256) {
        ShardedVote storage proposal = _shardedVotes[proposalId];
        if (proposal.hasVoted[account]) revert GovernorAlreadyCastVote(account);
        if (support > uint8(type(VoteType).max)) revert GovernorInvalidVoteType();
        proposal.hasVoted[account] = true;
        proposal.votes[support].add(account, totalWeight);
        return totalWeight;
    }

    function _total(uint256 proposalId, VoteType support) private view returns (uint256) {
        return _shardedVotes[proposalId].votes[uint8(support)].total();
    }
}
