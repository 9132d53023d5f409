// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// A sum that many add to at the same time: each account adds to one of 32 slots, and who wants the sum reads them all.

/// @dev One slot that everybody adds to makes everybody wait for everybody. Two accounts in different shards never meet here;
///      who calls `total` depends on all of them, so it belongs in views and in rare calls.
library ShardedSum {
    uint256 internal constant SHARDS = 32;

    /// @dev Modulo 2^256. A shard by itself means nothing: what one account adds, another may take from another shard.
    struct Sum {
        uint256[SHARDS] shards;
    }

    function add(Sum storage sum, address account, uint256 value) internal {
        unchecked {
            sum.shards[shardOf(account)] += value;
        }
    }

    /// @dev The caller knows that the sum, not the shard, is at least `value`.
    function sub(Sum storage sum, address account, uint256 value) internal {
        unchecked {
            sum.shards[shardOf(account)] -= value;
        }
    }

    function total(Sum storage sum) internal view returns (uint256 result) {
        unchecked {
            for (uint256 i = 0; i < SHARDS; ++i) result += sum.shards[i];
        }
    }

    function shardOf(address account) internal pure returns (uint256) {
        return uint160(account) % SHARDS;
    }
}
