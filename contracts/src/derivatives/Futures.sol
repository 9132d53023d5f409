// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// Futures with one desk.

import {IPriceOracle} from "../oracle/IPriceOracle.sol";
import {FuturesBase} from "./FuturesBase.sol";
import {MarginVault} from "./MarginVault.sol";

/// @dev What serialises: `desks[0]` and `balanceOf[house]` in the vault, all trades and liquidations.
contract Futures is FuturesBase {
    constructor(MarginVault marginVault, IPriceOracle prices) FuturesBase(marginVault, prices) {}

    function deskOf(address) public pure override returns (uint256) {
        return 0;
    }
}
