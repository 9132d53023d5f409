// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// The splitter that counts what comes in, in 32 parts, and never looks at its balance.

import {ShardedSum} from "../parallel/ShardedSum.sol";
import {PaymentSplitterBase} from "./PaymentSplitterBase.sol";

/// @dev Releases of different payees share nothing that they write; a release reads all shards, so it waits for the payments before
///      it, but not they for one another. A payment costs one slot more. Ether that came in by force is nobody's.
contract ShardedPaymentSplitter is PaymentSplitterBase {
    using ShardedSum for ShardedSum.Sum;

    ShardedSum.Sum private _received;

    constructor(address[] memory payees, uint256[] memory parts) PaymentSplitterBase(payees, parts) {}

    function totalReceived() public view override returns (uint256) {
        return _received.total();
    }

    function _receive() internal override {
        _received.add(msg.sender, msg.value);
    }

    function _release(uint256) internal override {}
}
