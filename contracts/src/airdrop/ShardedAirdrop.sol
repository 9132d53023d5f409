// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// The airdrop for a rush: a flag for each claim, the total in shards, and the tokens at 16 addresses.

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ShardedCustody} from "../parallel/ShardedCustody.sol";
import {ShardedSum} from "../parallel/ShardedSum.sol";
import {AirdropBase} from "./AirdropBase.sol";

/// @dev Claims meet only where their accounts share one of 16 holders or one of 32 shards.
contract ShardedAirdrop is AirdropBase, ShardedCustody {
    using ShardedSum for ShardedSum.Sum;

    ShardedSum.Sum private _claimedTotal;
    mapping(uint256 index => bool) private _claimed;

    constructor(IERC20 dropped, bytes32 listRoot, uint256 openUntil) AirdropBase(dropped, listRoot, openUntil) {}

    function claimedTotal() external view returns (uint256) {
        return _claimedTotal.total();
    }

    function isClaimed(uint256 index) public view override returns (bool) {
        return _claimed[index];
    }

    function _markClaimed(uint256 index, address account, uint256 amount) internal override {
        _claimed[index] = true;
        _claimedTotal.add(account, amount);
    }

    function _fund(uint256 amount) internal override {
        _takeSpread(token, msg.sender, amount);
    }

    function _payOut(address account, uint256 amount) internal override {
        _pay(token, account, account, amount);
    }

    function _sweep(address to) internal override returns (uint256 amount) {
        amount = custody(token);
        _pay(token, to, to, amount);
    }
}
