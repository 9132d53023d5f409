// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

interface IPriceOracle {
    /// @notice How much of the quote token one whole unit (10^18) of the base token is worth, with 18 decimals.
    ///         Reverts rather than give a price that is too old.
    function price() external view returns (uint256);
}
