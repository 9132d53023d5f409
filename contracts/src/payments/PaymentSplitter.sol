// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// The splitter that works from its balance.

import {PaymentSplitterBase} from "./PaymentSplitterBase.sol";

/// @dev A payment writes no slot. A release reads and writes `totalReleased`, so releases are one line; and it looks at the contract's
///      balance, so it waits for every payment before it.
contract PaymentSplitter is PaymentSplitterBase {
    uint256 public totalReleased;

    constructor(address[] memory payees, uint256[] memory parts) PaymentSplitterBase(payees, parts) {}

    function totalReceived() public view override returns (uint256) {
        return address(this).balance + totalReleased;
    }

    function _receive() internal override {}

    function _release(uint256 value) internal override {
        totalReleased += value;
    }
}
