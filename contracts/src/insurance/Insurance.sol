// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// Insurance with one pool, and a queue of claims.

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {InsuranceBase} from "./InsuranceBase.sol";

/// @dev What serialises: `pools[0]` and `balanceOf[insurance]` in the token, all purchases, payments and underwriters; `policyCount`, all
///      purchases; `queue` and `head`, all claims, which are settled in the order in which they were filed, so that one that nobody
///      decides holds up those behind it.
contract Insurance is InsuranceBase {
    using SafeERC20 for IERC20;

    uint256 public policyCount;
    /// @notice Claims in the order in which they were filed; the first that is not settled is at `head`.
    bytes32[] public queue;
    uint256 public head;

    constructor(IERC20 currency) InsuranceBase(currency) {}

    function poolOf(address) public pure override returns (uint256) {
        return 0;
    }

    function _newId(address) internal override returns (bytes32) {
        return bytes32(++policyCount);
    }

    function _filed(bytes32 policyId) internal override {
        queue.push(policyId);
    }

    function _takeTurn(bytes32 policyId) internal override {
        if (queue[head] != policyId) revert NotYourTurn(queue[head]);
        ++head;
    }

    function _pull(uint256, uint256 amount) internal override {
        token.safeTransferFrom(msg.sender, address(this), amount);
    }

    function _push(uint256, address to, uint256 amount) internal override {
        token.safeTransfer(to, amount);
    }
}
