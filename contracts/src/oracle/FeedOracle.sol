// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// A price that reporters bring in from outside.

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IPriceOracle} from "./IPriceOracle.sol";

/// @dev `_answer/_reportedAt` is one slot: a report in the middle of a block makes all who look at the price after it wait for it.
contract FeedOracle is IPriceOracle, AccessControl {
    using SafeCast for uint256;

    bytes32 public constant REPORTER_ROLE = keccak256("REPORTER_ROLE");

    /// @notice In seconds.
    uint256 public immutable maxAge;
    uint192 private _answer;
    uint64 private _reportedAt;

    event PriceReported(address indexed reporter, uint256 price);

    error PriceTooOld(uint256 reportedAt);
    error ZeroPrice();

    constructor(uint256 longestAge, uint256 firstPrice) {
        maxAge = longestAge;
        _grantRole(DEFAULT_ADMIN_ROLE, msg.sender);
        _grantRole(REPORTER_ROLE, msg.sender);
        _report(firstPrice);
    }

    function report(uint256 newPrice) external onlyRole(REPORTER_ROLE) {
        _report(newPrice);
    }

    function price() external view returns (uint256) {
        if (block.timestamp - _reportedAt > maxAge) revert PriceTooOld(_reportedAt);
        return _answer;
    }

    function _report(uint256 newPrice) private {
        if (newPrice == 0) revert ZeroPrice();
        _answer = newPrice.toUint192();
        _reportedAt = uint64(block.timestamp);
        emit PriceReported(msg.sender, newPrice);
    }
}
