// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// Futures with eight desks.

import {IPriceOracle} from "../oracle/IPriceOracle.sol";
import {FuturesBase} from "./FuturesBase.sol";
import {MarginVault} from "./MarginVault.sol";

/// @dev Traders at different desks share nothing that they write. What it costs: each desk needs reserves of its own, and longs and shorts
///      only balance within a desk, so funding differs between them.
contract ShardedFutures is FuturesBase {
    uint256 public constant DESKS = 8;

    constructor(MarginVault marginVault, IPriceOracle prices) FuturesBase(marginVault, prices) {}

    function deskOf(address trader) public pure override returns (uint256) {
        return uint160(trader) % DESKS;
    }
}
