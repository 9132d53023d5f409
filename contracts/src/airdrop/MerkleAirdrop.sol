// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// The airdrop as it is usually written: one bit a claim, and the tokens in the contract.

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";
import {AirdropBase} from "./AirdropBase.sol";

/// @dev What serialises: `balanceOf[airdrop]` in the token and `claimedTotal`, all claims; a word of `_claimed`, 256 neighbours in the
///      list. The bitmap is what makes a claim cheap: the first bit of a word costs as much as a flag, the other 255 a quarter.
contract MerkleAirdrop is AirdropBase {
    using SafeERC20 for IERC20;
    using BitMaps for BitMaps.BitMap;

    uint256 public claimedTotal;
    BitMaps.BitMap private _claimed;

    constructor(IERC20 dropped, bytes32 listRoot, uint256 openUntil) AirdropBase(dropped, listRoot, openUntil) {}

    function isClaimed(uint256 index) public view override returns (bool) {
        return _claimed.get(index);
    }

    function _markClaimed(uint256 index, address, uint256 amount) internal override {
        _claimed.set(index);
        claimedTotal += amount;
    }

    function _fund(uint256 amount) internal override {
        token.safeTransferFrom(msg.sender, address(this), amount);
    }

    function _payOut(address account, uint256 amount) internal override {
        token.safeTransfer(account, amount);
    }

    function _sweep(address to) internal override returns (uint256 amount) {
        amount = token.balanceOf(address(this));
        token.safeTransfer(to, amount);
    }
}
