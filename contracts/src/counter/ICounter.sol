// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

interface ICounter {
    event Counted(address indexed account, uint256 ofAccount);

    /// @notice Counts one more for the caller.
    function count() external;

    function total() external view returns (uint256);

    function countOf(address account) external view returns (uint256);
}
