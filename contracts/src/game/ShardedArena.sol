// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// The game that counts in 32 parts and leaves tables to who reads its events.

import {ShardedSum} from "../parallel/ShardedSum.sol";
import {ArenaBase} from "./ArenaBase.sol";

/// @dev Fights of different heroes meet only where the players share a shard.
contract ShardedArena is ArenaBase {
    using ShardedSum for ShardedSum.Sum;

    ShardedSum.Sum private _players;
    ShardedSum.Sum private _fights;
    mapping(uint256 id => ShardedSum.Sum) private _totals;

    function players() external view returns (uint256) {
        return _players.total();
    }

    function fights() external view returns (uint256) {
        return _fights.total();
    }

    function totalSupply(uint256 id) external view returns (uint256) {
        return _totals[id].total();
    }

    function _enlisted(address player) internal override {
        _players.add(player, 1);
    }

    function _record(address winner, address, uint128) internal override {
        _fights.add(winner, 1);
    }

    function _count(address player, uint256 id, int256 value) internal override {
        if (value >= 0) _totals[id].add(player, uint256(value));
        else _totals[id].sub(player, uint256(-value));
    }
}
