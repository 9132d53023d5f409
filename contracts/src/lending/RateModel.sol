// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// The price of money: it rises slowly while there is enough of it, and steeply when more than 80% is lent out.

library RateModel {
    uint256 private constant ONE = 1e18;
    uint256 private constant KINK = 0.8e18;
    uint256 private constant YEAR = 365 days;
    uint256 private constant AT_ZERO = 0.02e18;
    uint256 private constant AT_KINK = 0.1e18;
    uint256 private constant AT_FULL = 1e18;

    /// @return Interest a second, with 18 decimals.
    function ratePerSecond(uint256 debt, uint256 supplied) internal pure returns (uint256) {
        uint256 use = supplied == 0 ? 0 : (debt * ONE) / supplied;
        if (use > ONE) use = ONE;
        if (use <= KINK) return (AT_ZERO + ((AT_KINK - AT_ZERO) * use) / KINK) / YEAR;
        return (AT_KINK + ((AT_FULL - AT_KINK) * (use - KINK)) / (ONE - KINK)) / YEAR;
    }
}
