// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// The same counter in 32 parts.

import {ShardedSum} from "../parallel/ShardedSum.sol";
import {ICounter} from "./ICounter.sol";

/// @dev Two callers meet only when they share a shard: one in 32 pairs. Who reads `total` in a transaction waits for all of them.
contract ShardedCounter is ICounter {
    using ShardedSum for ShardedSum.Sum;

    ShardedSum.Sum private _total;
    mapping(address account => uint256) public countOf;

    function count() external {
        _total.add(msg.sender, 1);
        emit Counted(msg.sender, ++countOf[msg.sender]);
    }

    function total() external view returns (uint256) {
        return _total.total();
    }
}
