// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// The margin vault with its tokens at 16 addresses.

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ShardedCustody} from "../parallel/ShardedCustody.sol";
import {MarginVault} from "./MarginVault.sol";

/// @dev Deposits and withdrawals of accounts meet only where they share a holder.
contract ShardedMarginVault is MarginVault, ShardedCustody {
    constructor(IERC20 collateral) MarginVault(collateral) {}

    function _takeIn(address account, uint256 amount) internal override {
        _take(token, msg.sender, account, amount);
    }

    function _payOut(address account, address to, uint256 amount) internal override {
        _pay(token, account, to, amount);
    }
}
