// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// The plain ERC-20 of the workloads: its issuer hands out the supply, everybody else moves it around.

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @dev Transfers of different owners to different receivers share no slot. `_totalSupply` is one slot for everybody who
///      issues or burns: ShardedSupplyToken does without.
contract Token is ERC20Permit {
    address public immutable issuer;

    error OnlyIssuer();

    constructor(string memory tokenName, string memory tokenSymbol) ERC20(tokenName, tokenSymbol) ERC20Permit(tokenName) {
        issuer = msg.sender;
    }

    /// @notice Creates `value` tokens for each holder.
    function issue(address[] calldata holders, uint256 value) external {
        if (msg.sender != issuer) revert OnlyIssuer();
        for (uint256 i = 0; i < holders.length; ++i) _mint(holders[i], value);
    }

    /// @notice Sends `value` tokens of the caller to each receiver: one transaction that writes many balances.
    function transferToMany(address[] calldata receivers, uint256 value) external {
        for (uint256 i = 0; i < receivers.length; ++i) _transfer(msg.sender, receivers[i], value);
    }

    function burn(uint256 value) external {
        _burn(msg.sender, value);
    }
}
