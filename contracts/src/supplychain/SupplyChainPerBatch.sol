// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// Tracking with a log for each batch of goods.

import {SupplyChainBase} from "./SupplyChainBase.sol";

/// @dev Who handles different batches shares nothing; makers number their own. What it costs: entries of different batches have no
///      order but that of their blocks.
contract SupplyChainPerBatch is SupplyChainBase {
    mapping(address maker => uint256) public madeBy;
    mapping(bytes32 id => uint256) public logLengthOf;
    mapping(bytes32 id => bytes32) public logHeadOf;

    function _newId() internal override returns (bytes32) {
        return keccak256(abi.encode(msg.sender, ++madeBy[msg.sender]));
    }

    function _append(bytes32 id, bytes32 entry) internal override {
        logHeadOf[id] = keccak256(abi.encode(logHeadOf[id], entry));
        ++logLengthOf[id];
    }
}
