// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// One counter for everybody: the smallest contract in which every transaction waits for the one before it.

import {ICounter} from "./ICounter.sol";

/// @dev `total` is read and written by every call.
contract Counter is ICounter {
    uint256 public total;
    mapping(address account => uint256) public countOf;

    function count() external {
        ++total;
        emit Counted(msg.sender, ++countOf[msg.sender]);
    }
}
