// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

import { console } from "hardhat/console.sol";

contract Counter {
    uint256 public count;

    function add(uint256 by) external {
        require(by > 0, "adds nothing");
        count += by;
        console.log("count", count);
    }
}
