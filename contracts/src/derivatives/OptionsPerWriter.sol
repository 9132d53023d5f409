// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// Options that name their writer.

import {IPriceOracle} from "../oracle/IPriceOracle.sol";
import {MarginVault} from "./MarginVault.sol";
import {OptionsBase} from "./OptionsBase.sol";

/// @dev Each writer has a pot of its own: who buys from different writers shares nothing. What it costs: options of one series and
///      different writers are different tokens.
contract OptionsPerWriter is OptionsBase {
    constructor(MarginVault marginVault, IPriceOracle prices) OptionsBase(marginVault, prices) {}

    function _tokenOf(bytes32 series, address writer) internal pure override returns (uint256) {
        return uint256(keccak256(abi.encode(series, writer)));
    }
}
