// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// Holds the DAO's ether and tokens, and carries out what was decided once everybody had time to leave.

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @dev Everybody may execute what is ready. The deployer is admin until it has made the governor a proposer and resigned.
contract DaoTimelock is TimelockController {
    constructor(
        uint256 minimumDelay
    ) TimelockController(minimumDelay, new address[](0), _everybody(), msg.sender) {}

    function _everybody() private pure returns (address[] memory executors) {
        executors = new address[](1);
    }
}
