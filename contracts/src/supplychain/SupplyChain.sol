// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// Tracking with one log for all goods.

import {SupplyChainBase} from "./SupplyChainBase.sol";

/// @dev What serialises: `logHead` and `logLength`, everybody who does anything with any batch; `batchCount`, all makers.
contract SupplyChain is SupplyChainBase {
    uint256 public batchCount;
    uint256 public logLength;
    /// @notice The hash of the last entry and of the head before it.
    bytes32 public logHead;

    function _newId() internal override returns (bytes32) {
        return bytes32(++batchCount);
    }

    function _append(bytes32, bytes32 entry) internal override {
        logHead = keccak256(abi.encode(logHead, entry));
        ++logLength;
    }
}
