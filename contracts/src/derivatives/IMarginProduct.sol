// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

interface IMarginProduct {
    /// @notice What `account` has open here.
    /// @return result What closing it now would give (positive) or cost.
    /// @return initial The margin that opening it takes.
    /// @return maintenance The margin below which it is closed by force.
    function exposure(address account) external view returns (int256 result, uint256 initial, uint256 maintenance);
}
