// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// The plain ERC-20 of the workloads: its issuer hands out the supply, everybody else moves it around.

import {TokenBase} from "./TokenBase.sol";

contract Token is TokenBase {
    address public immutable issuer;

    error OnlyIssuer();

    constructor(string memory tokenName, string memory tokenSymbol) TokenBase(tokenName, tokenSymbol) {
        issuer = msg.sender;
    }

    /// @notice Creates `value` tokens for each holder.
    function issue(address[] calldata holders, uint256 value) external {
        if (msg.sender != issuer) revert OnlyIssuer();
        for (uint256 i = 0; i < holders.length; ++i) _create(holders[i], value);
    }

    /// @notice Sends `value` tokens of the caller to each receiver: one transaction that writes many balances.
    function transferToMany(address[] calldata receivers, uint256 value) external {
        for (uint256 i = 0; i < receivers.length; ++i) _move(msg.sender, receivers[i], value);
    }

    function burn(uint256 value) external {
        _destroy(msg.sender, value);
    }
}
