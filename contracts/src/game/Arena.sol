// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// The game that counts everything and keeps a table of the best.

import {ArenaBase} from "./ArenaBase.sol";

/// @dev What serialises: `fights`, all fights; `_totals[item]`, all who gain or spend gold or forge; `players`, all who join; and the
///      table of the best, which every fight reads and winners near the top write.
contract Arena is ArenaBase {
    uint256 public constant TABLE_SIZE = 8;

    uint256 public players;
    uint256 public fights;
    mapping(uint256 id => uint256) private _totals;
    /// @notice Players with the most wins, in no order.
    address[TABLE_SIZE] public table;

    function totalSupply(uint256 id) external view returns (uint256) {
        return _totals[id];
    }

    function _enlisted(address) internal override {
        ++players;
    }

    function _record(address winner, address, uint128) internal override {
        ++fights;
        uint256 least = 0;
        for (uint256 i = 0; i < TABLE_SIZE; ++i) {
            if (table[i] == winner) return;
            if (_heroes[table[i]].wins < _heroes[table[least]].wins) least = i;
        }
        // An empty place has no wins.
        if (_heroes[winner].wins > _heroes[table[least]].wins) table[least] = winner;
    }

    function _count(address, uint256 id, int256 value) internal override {
        _totals[id] = uint256(int256(_totals[id]) + value);
    }
}
