// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// The registry with one log and one numbering for all patients.

import {MedicalRecordsBase} from "./MedicalRecordsBase.sol";

/// @dev What serialises: `logHead` and `logLength`, every grant, access and record of any patient; `recordCount`, all new records.
contract MedicalRecords is MedicalRecordsBase {
    uint256 public recordCount;
    uint256 public logLength;
    /// @notice The hash of the last entry and of the head before it.
    bytes32 public logHead;

    function _newId(address) internal override returns (bytes32) {
        return bytes32(++recordCount);
    }

    function _append(address, bytes32 entry) internal override {
        logHead = keccak256(abi.encode(logHead, entry));
        ++logLength;
    }
}
