// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// Options of which all of a series are alike, whoever wrote them.

import {IPriceOracle} from "../oracle/IPriceOracle.sol";
import {MarginVault} from "./MarginVault.sol";
import {OptionsBase} from "./OptionsBase.sol";

/// @dev What serialises: the series' pot in the vault, all purchases, exercises and releases of one series. In return one option is as good
///      as another: it can be traded as one token.
contract Options is OptionsBase {
    constructor(MarginVault marginVault, IPriceOracle prices) OptionsBase(marginVault, prices) {}

    function _tokenOf(bytes32 series, address) internal pure override returns (uint256) {
        return uint256(series);
    }
}
